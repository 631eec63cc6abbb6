// SPDX-License-Identifier: GPL-2.0-only
#include "system/policy_report.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "core/device.h"

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
				{"line", line_of(config, key)},
				{"acted_on", acted_on(config, key)}});
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
json parts_of(const Device &device, const std::map<uint64_t, Ledger::Entry> *ledger)
{
	struct Part {
		BlockState state;
		Zone zone;
		std::string why;
		std::vector<uint64_t> numbers;
	};
	std::vector<Part> parts;
	for (const auto &block : device.blocks) {
		std::string why;
		if (ledger)
			if (const auto entry = ledger->find(block.number); entry != ledger->end())
				why = entry->second.why;
		auto part = std::find_if(parts.begin(), parts.end(), [&](const Part &one) {
			return one.state == block.state && one.zone == block.zone && one.why == why;
		});
		if (part == parts.end())
			part = parts.insert(part, {block.state, block.zone, std::move(why), {}});
		part->numbers.push_back(block.number);
	}
	json list = json::array();
	for (const auto &part : parts)
		list.push_back(
			{{"blocks", format_ranges(part.numbers)},
			 {"count", part.numbers.size()},
			 {"state", to_string(part.state)},
			 {"zone", or_null(part.zone == Zone::none ? "" : to_string(part.zone))},
			 {"why", or_null(part.why)}});
	return list;
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
			      {"parts", parts_of(device, report.ledger)}};
		if (policy_has_a_say(device)) {
			const auto verdict = judge(report.config.online, device, report.block_size);
			entry["action"] = to_string(verdict.action);
			entry["by"] = verdict.by;
			if (verdict.rule)
				entry["rule"] = *verdict.rule;
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
		{"block_size", report.block_size},
		{"devices", all_devices(report)}};
}

} // namespace memhp
