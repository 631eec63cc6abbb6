// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/memory_report.h"

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/offline/claims.h"
#include "system/base/fd.h"
#include "system/memory/ratio_report.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{

using nlohmann::json;

json to_json(const Totals &totals)
{
	return {{"kernel", totals.kernel},
		{"movable", totals.movable},
		{"other", totals.other},
		{"offline", totals.offline}};
}

namespace
{

std::vector<int> online_nodes(int root_fd)
{
	const auto text = read_file(root_fd, "sys/devices/system/node/online");
	return parse_nodes(text.value_or("")).value_or(std::vector<int>());
}

} // namespace

json memory_report(int root_fd, const Tally &tally, uint64_t block_size, const OnlinePolicy &bounds)
{
	Totals all;
	std::map<int, Totals> nodes;
	for (const auto &[kind, blocks] : tally.kinds) {
		const auto bytes = blocks * block_size;
		all.add(kind.state, kind.zone, bytes);
		nodes[kind.node.value_or(-1)].add(kind.state, kind.zone, bytes);
	}
	for (const auto node : online_nodes(root_fd))
		nodes[node];
	json list = json::array();
	for (const auto &[node, totals] : nodes) {
		auto entry = to_json(totals);
		entry["node"] = node < 0 ? json(nullptr) : json(node);
		list.push_back(std::move(entry));
	}
	const auto count = count_memory(tally, block_size, read_zones(root_fd));
	return {{"block_size", block_size},
		{"blocks", tally.blocks()},
		{"total", to_json(all)},
		{"nodes", std::move(list)},
		{"ratio", ratio_to_json(bounds, count)}};
}

} // namespace memhp
