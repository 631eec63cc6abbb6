// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/claims.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

constexpr int most_nodes = 4096; ///< 1 << CONFIG_NODES_SHIFT at its largest
constexpr size_t most_names = 3;

} // namespace

std::optional<std::vector<int>> parse_nodes(std::string_view text)
{
	std::vector<int> nodes;
	while (!text.empty()) {
		const auto comma = std::min(text.find(','), text.size());
		const auto part = text.substr(0, comma);
		text.remove_prefix(std::min(comma + 1, text.size()));
		const auto dash = part.find('-');
		uint64_t first = 0;
		uint64_t last = 0;
		if (!parse_number(part.substr(0, dash), 10, first))
			return std::nullopt;
		last = first;
		if (dash != std::string_view::npos &&
		    !parse_number(part.substr(dash + 1), 10, last))
			return std::nullopt;
		if (last < first || last >= most_nodes)
			return std::nullopt;
		for (auto node = first; node <= last; ++node)
			nodes.push_back(static_cast<int>(node));
	}
	return nodes;
}

std::vector<int> bound_nodes(std::string_view line)
{
	const auto begin = line.find(' ');
	if (begin == std::string_view::npos)
		return {};
	auto policy = line.substr(begin + 1);
	policy = policy.substr(0, policy.find_first_of(" \n"));
	const auto colon = policy.find(':');
	const auto mode = policy.substr(0, colon);
	if (colon == std::string_view::npos || (mode != "bind" && mode.substr(0, 5) != "bind="))
		return {};
	return parse_nodes(policy.substr(colon + 1)).value_or(std::vector<int>());
}

std::vector<int> emptied_nodes(const std::vector<Block> &blocks,
			       const std::vector<uint64_t> &chosen)
{
	const std::set<uint64_t> going(chosen.begin(), chosen.end());
	std::set<int> emptied;
	std::set<int> left;
	for (const auto &block : blocks) {
		if (!block.node)
			continue;
		if (going.count(block.number) != 0)
			emptied.insert(*block.node);
		else if (block.state == BlockState::online)
			left.insert(*block.node);
	}
	std::vector<int> nodes;
	std::set_difference(emptied.begin(), emptied.end(), left.begin(), left.end(),
			    std::back_inserter(nodes));
	return nodes;
}

bool takes_the_last(const std::vector<Block> &blocks, uint64_t block, int node)
{
	const auto nodes = emptied_nodes(blocks, {block});
	const auto found = std::find_if(blocks.begin(), blocks.end(),
					[block](const Block &one) { return one.number == block; });
	return found != blocks.end() && found->state == BlockState::online &&
	       std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

size_t spare_blocks(std::optional<uint64_t> bytes, uint64_t block_size)
{
	const auto blocks = bytes.value_or(0) / block_size;
	return blocks > 2 ? static_cast<size_t>(blocks - 2) : 0;
}

std::map<int, std::string> by_node(const std::vector<Claim> &claims)
{
	std::map<int, std::vector<std::string>> names;
	for (const auto &claim : claims)
		for (const auto node : claim.nodes)
			names[node].push_back(claim.who);
	std::map<int, std::string> result;
	for (const auto &[node, who] : names) {
		auto &text = result[node];
		for (size_t i = 0; i < std::min(who.size(), most_names); ++i)
			text += (i > 0 ? ", " : "") + who[i];
		if (who.size() > most_names)
			text += fmt::format(" and {} more", who.size() - most_names);
	}
	return result;
}

} // namespace memhp
