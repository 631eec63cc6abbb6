// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/order.h"

#include <algorithm>

namespace memhp
{
namespace
{

/// Lowest block of a zone that consists of `a` and `b`; at least one of them has a block.
uint64_t zone_start(const std::vector<uint64_t> &a, const std::vector<uint64_t> &b)
{
	uint64_t start = a.empty() ? b.front() : a.front();
	for (const auto *blocks : {&a, &b})
		for (const auto block : *blocks)
			start = std::min(start, block);
	return start;
}

} // namespace

std::vector<uint64_t> online_order(std::vector<uint64_t> blocks,
				   const std::vector<uint64_t> &online)
{
	std::sort(blocks.begin(), blocks.end());
	if (blocks.size() < 2)
		return blocks;
	const auto hole = blocks.begin() + (blocks.front() == zone_start(blocks, online) ? 1 : 0);
	std::rotate(hole, hole + 1, blocks.end());
	return blocks;
}

std::vector<uint64_t> offline_order(std::vector<uint64_t> blocks,
				    const std::vector<uint64_t> &online)
{
	if (blocks.size() < 2)
		return blocks;
	const auto start = std::find(blocks.begin(), blocks.end(), zone_start(blocks, online));
	if (start != blocks.end())
		std::rotate(start, start + 1, blocks.end());
	const auto end = blocks.end() - (start != blocks.end() ? 1 : 0);
	const auto hole = std::min_element(blocks.begin(), end);
	std::rotate(blocks.begin(), hole, hole + 1);
	return blocks;
}

} // namespace memhp
