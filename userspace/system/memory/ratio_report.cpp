// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/ratio_report.h"

#include <nlohmann/json.hpp>

#include "core/config/config.h"

namespace memhp
{

using nlohmann::json;

namespace
{

json or_null(const std::optional<double> &number) { return number ? json(*number) : json(nullptr); }

json pages_to_json(const MemoryCount::Pages &pages, uint64_t page_size)
{
	return {{"kernel", pages.early * page_size},
		{"kernel_added", pages.added * page_size},
		{"movable", pages.movable * page_size},
		{"ratio", or_null(ratio_of(pages))}};
}

} // namespace

json bounds_to_json(const OnlinePolicy &policy)
{
	return {{"max_movable_ratio", policy.max_movable_ratio},
		{"beyond_ratio", word_for(beyond_ratio_words, policy.beyond_ratio)},
		{"hard_ratio", or_null(policy.hard_ratio)},
		{"ratio_per_node", policy.ratio_per_node}};
}

OnlinePolicy bounds_from_json(const json &bounds)
{
	OnlinePolicy policy;
	policy.max_movable_ratio = bounds.value("max_movable_ratio", policy.max_movable_ratio);
	policy.ratio_per_node = bounds.value("ratio_per_node", policy.ratio_per_node);
	const auto beyond =
		value_of(beyond_ratio_words, bounds.value("beyond_ratio", std::string()));
	policy.beyond_ratio = beyond.value_or(policy.beyond_ratio);
	if (const auto hard = bounds.find("hard_ratio"); hard != bounds.end()) {
		policy.hard_ratio.reset();
		if (hard->is_number())
			policy.hard_ratio = hard->get<double>();
	}
	return policy;
}

json ratio_to_json(const OnlinePolicy &policy, const MemoryCount &count)
{
	const auto state = ratio_state(policy, count);
	auto result = pages_to_json(count.all(), count.page_size);
	result["bounds"] = bounds_to_json(policy);
	result["standing"] = word_for(ratio_standing_words, state.standing);
	result["available"] = state.available ? json(*state.available) : json(nullptr);
	result["memmap_needed"] = state.needed;
	result["memmap_short"] = state.memmap_short();
	result["summary"] = describe(policy, state);
	auto &nodes = result["nodes"] = json::array();
	for (const auto &[node, pages] : count.nodes) {
		auto entry = pages_to_json(pages, count.page_size);
		entry["node"] = node < 0 ? json(nullptr) : json(node);
		nodes.push_back(std::move(entry));
	}
	return result;
}

} // namespace memhp
