// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/policy_report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/memory/device.h"
#include "system/memory/ratio_report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

json or_null(std::string_view text) { return text.empty() ? json(nullptr) : json(text); }

json line_of(const Config &config, const std::string &key)
{
	const auto given = config.given.find(key);
	return given == config.given.end() ? json(nullptr) : json(given->second.line);
}

json all_settings(const Config &config)
{
	json list = json::array();
	for (const auto &[key, value] : settings(config))
		list.push_back({{"key", key},
				{"value", std::visit([](const auto &v) { return json(v); }, value)},
				{"line", line_of(config, key)}});
	return list;
}

json all_rules(const Config &config)
{
	json list = json::array();
	for (const auto &rule : config.online.rules) {
		const auto number = list.size() + 1;
		list.push_back({{"rule", number},
				{"line", line_of(config, rule_key(number))},
				{"matches", describe(rule)},
				{"action", to_string(rule.action)}});
	}
	return list;
}

/// Policy has no say in what was there at boot, as long as it is online.
bool policy_has_a_say(const Device &device)
{
	return device.source != Source::boot ||
	       std::any_of(device.blocks.begin(), device.blocks.end(),
			   [](const Block &block) { return block.state != BlockState::online; });
}

/// The blocks of a device, those with the same state and history together, in the order of their
/// lowest.
json parts_of(const Device &device, const PolicyReport &report)
{
	const auto *ledger = report.ledger;
	struct Part {
		BlockState state;
		Zone zone;
		std::string why;
		bool misplaced;
		bool deliberate;
		std::vector<uint64_t> numbers;
	};
	std::vector<Part> parts;
	for (const auto &block : device.blocks) {
		std::string why;
		bool deliberate = false;
		if (ledger) {
			if (const auto entry = ledger->find(block.number); entry != ledger->end()) {
				why = entry->second.why;
				deliberate = entry->second.standing == Ledger::Standing::deliberate;
			}
		}
		const bool misplaced =
			report.misplaced && report.misplaced->count(block.number) != 0;
		auto part = std::find_if(parts.begin(), parts.end(), [&](const Part &one) {
			return one.state == block.state && one.zone == block.zone &&
			       one.why == why && one.misplaced == misplaced &&
			       one.deliberate == deliberate;
		});
		if (part == parts.end())
			part = parts.insert(part, {block.state,
						   block.zone,
						   std::move(why),
						   misplaced,
						   deliberate,
						   {}});
		part->numbers.push_back(block.number);
	}
	json list = json::array();
	for (const auto &part : parts)
		list.push_back(
			{{"blocks", format_ranges(part.numbers)},
			 {"count", part.numbers.size()},
			 {"state", to_string(part.state)},
			 {"zone", or_null(part.zone == Zone::none ? "" : to_string(part.zone))},
			 {"why", or_null(part.why)},
			 {"misplaced", part.misplaced},
			 {"deliberate", part.deliberate}});
	return list;
}

/// What the bounds make of the offline blocks of a device that policy wants to be movable.
std::string outlook(const Device &device, const PolicyReport &report)
{
	std::vector<Block> offline;
	for (const auto &block : device.blocks)
		if (block.state == BlockState::offline)
			offline.push_back(block);
	auto count = report.count;
	std::string text;
	for (const auto &part : allot(report.config.online, device, offline, count)) {
		const auto &why = part.by.empty() ? part.remark : part.why;
		if (!why.empty())
			text += fmt::format("{}{} blocks {}: {}", text.empty() ? "" : "; ",
					    part.blocks.size(), to_string(part.action), why);
	}
	return text;
}

json all_devices(const PolicyReport &report)
{
	json list = json::array();
	for (const auto &device : group_by_device(report.blocks)) {
		json entry = {{"device", or_null(device.name)},
			      {"source", to_string(device.source)},
			      {"size", device.size(report.block_size)},
			      {"action", nullptr},
			      {"by", nullptr},
			      {"rule", nullptr},
			      {"outlook", nullptr},
			      {"parts", parts_of(device, report)}};
		if (policy_has_a_say(device)) {
			const auto verdict = judge(report.config.online, device, report.block_size);
			entry["action"] = to_string(verdict.action);
			entry["by"] = verdict.by;
			if (verdict.rule)
				entry["rule"] = *verdict.rule;
			if (verdict.action == OnlineAction::movable)
				entry["outlook"] = or_null(outlook(device, report));
		}
		list.push_back(std::move(entry));
	}
	return list;
}

} // namespace

json to_json(const PolicyReport &report)
{
	return {{"file", report.path},
		{"origin", report.origin},
		{"daemon", report.ledger != nullptr},
		{"mistakes", report.mistakes},
		{"settings", all_settings(report.config)},
		{"rules", all_rules(report.config)},
		{"ratio", ratio_to_json(report.config.online, report.count)},
		{"block_size", report.block_size},
		{"devices", all_devices(report)}};
}

} // namespace memhp
