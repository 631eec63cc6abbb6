// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// Bytes of memory blocks by what they are good for.
struct Totals {
	uint64_t kernel = 0; ///< online, in a kernel zone
	uint64_t movable = 0;
	uint64_t other = 0; ///< online, but in no single zone, or in Device; or just changing
	uint64_t offline = 0;

	uint64_t online() const { return kernel + movable + other; }
	void add(BlockState state, Zone zone, uint64_t bytes);

	bool operator==(const Totals &) const = default;
};

Totals totals_of(const std::vector<Block> &blocks, uint64_t block_size);

} // namespace memhp
