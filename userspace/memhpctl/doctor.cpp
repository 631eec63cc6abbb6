// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/advice/doctor.h"
#include "core/show/fold.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/advice/doctor_facts.h"

namespace memhp
{

using nlohmann::json;

namespace
{

json to_json(const Finding &finding)
{
	return {{"level", word_for(finding_level_words, finding.level)},
		{"id", finding.id},
		{"what", finding.what},
		{"why", finding.why},
		{"remedy", finding.remedy}};
}

std::string count(size_t number, std::string_view what)
{
	return fmt::format("{} {}{}", number == 0 ? "no" : std::to_string(number), what,
			   number == 1 ? "" : "s");
}

void print(const Finding &finding)
{
	const auto width = terminal_of(STDOUT_FILENO).width;
	fmt::print("{}\n{}\n",
		   fold(fmt::format("{}: {}: {}", word_for(finding_level_words, finding.level),
				    finding.id, finding.what),
			width, 4),
		   fold("    why: " + finding.why, width, 9));
	for (const auto &line : finding.remedy)
		fmt::print("      $ {}\n", line);
	fmt::print("\n");
}

} // namespace

int verb_doctor(const Globals &globals)
{
	const auto facts = read_facts({globals.sysroot, globals.config(), globals.socket()});
	if (!facts)
		return complain(facts.error());
	const auto findings = diagnose(*facts);
	const auto problems = static_cast<size_t>(
		std::count_if(findings.begin(), findings.end(), [](const Finding &finding) {
			return finding.level == Finding::Level::problem;
		}));
	if (globals.json) {
		json list = json::array();
		for (const auto &finding : findings)
			list.push_back(to_json(finding));
		const json document = {{"clean", problems == 0}, {"findings", std::move(list)}};
		fmt::print("{}\n", json_text(document));
	} else {
		for (const auto &finding : findings)
			print(finding);
		fmt::print("{}, {}\n", count(problems, "problem"),
			   count(findings.size() - problems, "note"));
	}
	return problems == 0 ? exit_done : exit_failed;
}

} // namespace memhp
