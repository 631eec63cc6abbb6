// SPDX-License-Identifier: GPL-2.0-only
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/units.h"
#include "memhpctl/collected.h"
#include "memhpctl/json_text.h"
#include "memhpctl/table.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/config/policy_report.h"
#include "system/memory/sysfs.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{

using nlohmann::json;

namespace
{

ConfigResult read_standard_input()
{
	const std::string text(std::istreambuf_iterator<char>(std::cin), {});
	return parse_config(text, "-");
}

ConfigResult read_config_file(const std::string &path)
{
	const auto text = read_input(path);
	if (!text)
		return tl::unexpected<Mistakes>(Mistakes{text.error().message});
	return parse_config(*text, path);
}

int print_mistakes(const Mistakes &mistakes)
{
	for (const auto &line : mistakes)
		fmt::print(stderr, "{}\n", line);
	return exit_failed;
}

std::string text(const json &value) { return value.is_string() ? value.get<std::string>() : ""; }

/// "line 7", or "default".
std::string place(const json &line)
{
	return line.is_null() ? "default" : fmt::format("line {}", line.get<unsigned>());
}

std::string heading(const json &policy)
{
	const auto file = text(policy.at("file"));
	const auto origin = text(policy.at("origin"));
	const std::string who = policy.at("daemon") ? "in force in memhpd"
						    : "memhpd is not running; it would take this";
	if (origin == "no-file")
		return fmt::format("defaults, for there is no {} ({})", file, who);
	if (origin == "defaults")
		return fmt::format("defaults, for {} cannot be used ({})", file, who);
	if (origin == "older-file")
		return fmt::format("an older {}, for the present one cannot be used ({})", file,
				   who);
	return fmt::format("{} ({})", file, who);
}

void print_settings(const json &policy)
{
	Table table({{"KEY"}, {"VALUE", false, 16}, {"FROM"}});
	for (const auto &setting : policy.at("settings"))
		table.add({text(setting.at("key")), setting.at("value").dump(),
			   place(setting.at("line"))});
	fmt::print("{}\n", table.text(terminal_of(STDOUT_FILENO)));
}

void print_rules(const json &policy)
{
	if (policy.at("rules").empty())
		return;
	Table table({{"RULE", true}, {"MATCHES", false, 24}, {"ACTION"}, {"FROM"}});
	for (const auto &rule : policy.at("rules"))
		table.add({rule.at("rule").dump(), text(rule.at("matches")),
			   text(rule.at("action")), place(rule.at("line"))});
	fmt::print("{}\n", table.text(terminal_of(STDOUT_FILENO)));
}

void print_devices(const json &policy)
{
	const auto block_size = policy.at("block_size").get<uint64_t>();
	Table table({{"BLOCKS", true, 12},
		     {"SIZE", true},
		     {"STATE", false, 0, 2},
		     {"ZONE", false, 0, 3},
		     {"SOURCE", false, 0, 1},
		     {"DEVICE"},
		     {"ACTION"},
		     {"BY", false, 13},
		     {"WHY", false, 20, 9}});
	std::string outlooks;
	for (const auto &device : policy.at("devices")) {
		if (const auto outlook = text(device.at("outlook")); !outlook.empty())
			outlooks += fmt::format("{}: {}\n", text(device.at("device")), outlook);
		for (const auto &part : device.at("parts")) {
			auto why = text(part.at("why"));
			if (part.at("misplaced"))
				why += why.empty() ? "in the wrong zone" : ", in the wrong zone";
			table.add({text(part.at("blocks")),
				   format_size(part.at("count").get<uint64_t>() * block_size),
				   text(part.at("state")), text(part.at("zone")),
				   text(device.at("source")), text(device.at("device")),
				   text(device.at("action")), text(device.at("by")), why});
		}
	}
	fmt::print("{}", table.text(terminal_of(STDOUT_FILENO)));
	print_folded(outlooks);
}

void print(const json &policy)
{
	print_folded(fmt::format("policy: {}\n", heading(policy)), 8);
	for (const auto &line : policy.at("mistakes"))
		print_folded(text(line) + "\n");
	fmt::print("\n");
	print_settings(policy);
	print_rules(policy);
	print_folded(fmt::format("ratio: {}\n\n", text(policy.at("ratio").at("summary"))), 7);
	print_devices(policy);
}

Result<json> ask_daemon(const Globals &globals)
{
	auto answer = ask_memhpd(globals, "io.memhp.Policy", collected_policy);
	if (!answer)
		return answer;
	auto policy = answer->value("policy", json::object());
	// The socket has each value as JSON in a text.
	for (auto &setting : policy["settings"])
		if (setting.contains("value") && setting["value"].is_string())
			setting["value"] =
				json::parse(setting["value"].get<std::string>(), nullptr, false);
	return policy;
}

} // namespace

int verb_policy_check(const Globals &globals, const std::string &file)
{
	const auto config = file == "-" ? read_standard_input() : read_config_file(file);

	if (globals.json) {
		const json document = {{"file", file},
				       {"good", config.has_value()},
				       {"mistakes", config ? Mistakes() : config.error()}};
		fmt::print("{}\n", json_text(document));
		return config ? exit_done : exit_failed;
	}
	if (!config)
		return print_mistakes(config.error());
	fmt::print("{}: good\n", file);
	return exit_done;
}

int verb_policy_show(const Globals &globals)
{
	auto policy = ask_daemon(globals);
	if (!policy && !nobody_there(policy.error()))
		return complain(policy.error());
	if (!policy) {
		const auto loaded = load_config(globals.config());
		if (!loaded)
			return print_mistakes(loaded.error());
		const auto sysfs = Sysfs::open(globals.sysroot);
		if (!sysfs)
			return complain(sysfs.error());
		const auto blocks = sysfs->scan();
		if (!blocks)
			return complain(blocks.error());
		const auto config = loaded->value_or(Config());
		policy = to_json({config,
				  globals.config(),
				  *loaded ? "file" : "no-file",
				  {},
				  *blocks,
				  sysfs->block_size(),
				  count_memory(sysfs->root_fd(), *blocks, sysfs->block_size()),
				  nullptr,
				  nullptr});
	}
	if (globals.json) {
		fmt::print("{}\n", json_text(*policy));
		return exit_done;
	}
	try {
		print(*policy);
	} catch (const json::exception &error) {
		return complain(
			{{}, fmt::format("memhpd's answer is not understood: {}", error.what())});
	}
	return exit_done;
}

} // namespace memhp
