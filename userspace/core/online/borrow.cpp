// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/borrow.h"

#include <algorithm>
#include <map>

namespace memhp
{
namespace
{

/// Blocks walked over in vain, summed over all onlines, from which on it is worth it: what an
/// offline and an online of a free block take is what some hundred of them take, and a machine
/// should not be stirred for less than ten times that.
constexpr size_t worth_it = 4096;

bool may_lend(const Block &block)
{
	return block.source == Source::boot || block.source == Source::acpi_dimm ||
	       block.source == Source::unknown;
}

} // namespace

std::optional<Block> lender(const std::vector<Block> &coming, const std::vector<Block> &all)
{
	std::map<int, std::vector<const Block *>> zones; // by node
	for (const auto &block : all)
		if (block.state == BlockState::online && block.zone == Zone::movable && block.node)
			zones[*block.node].push_back(&block);

	const Block *best = nullptr;
	size_t most = 0;
	for (const auto &[node, zone] : zones) {
		size_t count = 0;
		auto lowest = zone.front()->number;
		for (const auto &block : coming)
			if (block.node == node) {
				++count;
				lowest = std::min(lowest, block.number);
			}
		// Below its start the new blocks have a better hole of their own.
		if (count == 0 || lowest != zone.front()->number)
			continue;
		size_t run = 1;
		while (run < zone.size() && zone[run]->number == zone[run - 1]->number + 1)
			++run;
		if (run < 3 || count * (run - 2) < std::max(worth_it, most + 1) ||
		    !may_lend(*zone[1]))
			continue;
		most = count * (run - 2);
		best = zone[1];
	}
	return best ? std::optional(*best) : std::nullopt;
}

} // namespace memhp
