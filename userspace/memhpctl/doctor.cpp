// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/advice/doctor.h"
#include "memhpctl/json_text.h"
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

/// Heading and words in lines of 80 columns, all but the first of them indented.
std::string paragraph(std::string heading, std::string_view text, size_t indent)
{
	constexpr size_t width = 80;
	auto result = std::move(heading);
	size_t column = result.size();
	bool begun = column > 0;
	while (!text.empty()) {
		const auto word = text.substr(0, text.find(' '));
		text.remove_prefix(std::min(word.size() + 1, text.size()));
		if (begun && column + 1 + word.size() > width) {
			result += '\n' + std::string(indent, ' ');
			column = indent;
		} else if (begun) {
			result += ' ';
			++column;
		}
		result += word;
		column += word.size();
		begun = true;
	}
	return result + '\n';
}

std::string count(size_t number, std::string_view what)
{
	return fmt::format("{} {}{}", number == 0 ? "no" : std::to_string(number), what,
			   number == 1 ? "" : "s");
}

void print(const Finding &finding)
{
	constexpr size_t indent = 4;
	fmt::print("{}{}",
		   paragraph(fmt::format("{}: {}:", word_for(finding_level_words, finding.level),
					 finding.id),
			     finding.what, indent),
		   paragraph("    why:", finding.why, indent + 5));
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
