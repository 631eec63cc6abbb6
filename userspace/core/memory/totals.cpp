// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/totals.h"

namespace memhp
{

void Totals::add(BlockState state, Zone zone, uint64_t bytes)
{
	if (state == BlockState::offline)
		offline += bytes;
	else if (zone == Zone::movable)
		movable += bytes;
	else if (is_kernel_zone(zone))
		kernel += bytes;
	else
		other += bytes;
}

Totals totals_of(const std::vector<Block> &blocks, uint64_t block_size)
{
	Totals totals;
	for (const auto &block : blocks)
		totals.add(block.state, block.zone, block_size);
	return totals;
}

} // namespace memhp
