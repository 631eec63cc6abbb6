// SPDX-License-Identifier: GPL-2.0-only
#include "core/totals.h"

namespace memhp
{

void Totals::add(const Block &block, uint64_t block_size)
{
	if (block.state == BlockState::offline)
		offline += block_size;
	else if (block.zone == Zone::movable)
		movable += block_size;
	else if (is_kernel_zone(block.zone))
		kernel += block_size;
	else
		other += block_size;
}

Totals totals_of(const std::vector<Block> &blocks, uint64_t block_size)
{
	Totals totals;
	for (const auto &block : blocks)
		totals.add(block, block_size);
	return totals;
}

} // namespace memhp
