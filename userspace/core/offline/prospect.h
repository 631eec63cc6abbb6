// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// What is known of blocks beyond their state.
struct Evidence {
	/// When a block went online, in ns since boot, by the module's record; a block of which it
	/// has seen no change is missing.
	std::map<uint64_t, uint64_t> online_since;
	/// What it costs to take a block offline, see cost() in core/memory/pages.h. One that is
	/// missing here where others are not was not worth a look.
	std::map<uint64_t, unsigned> costs;
	/// Blocks in which a page is held, see HeldPages: an attempt would fail now.
	std::set<uint64_t> held;
	/// Blocks with broken memory, which could go offline but not come back; nothing where that
	/// does not matter.
	std::set<uint64_t> poisoned;
	/// Nodes that must not be left without memory, and who says so, see by_node().
	std::map<int, std::string> claimed;
};

/// Blocks to be taken offline, ordered by how likely and how useful it is that they go: movable
/// before kernel zones, then those without held pages, then the cheapest, then those of the newest
/// device, then of the highest, and its own from the top down. In a kernel zone it is not the
/// device that counts but the block: one may hold what describes the blocks that came after it.
/// `all` are all blocks of the machine, ascending.
std::vector<Block> by_prospect(std::vector<Block> blocks, const std::vector<Block> &all,
			       const Evidence &evidence);

/// Moves the cheap before the dear and leaves all else as it is. What is not in `evidence.costs`
/// comes after what is, then what is held, then `kernel`, the blocks of kernel zones.
std::vector<uint64_t> cheapest_first(std::vector<uint64_t> blocks, const Evidence &evidence,
				     const std::set<uint64_t> &kernel);

} // namespace memhp
