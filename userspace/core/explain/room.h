// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace memhp
{

struct BlockFacts;

/// Where huge pages of one size could go. For one that it moves the kernel takes a free one of a
/// pool; where the pools there have none it makes one, unless it is gigantic, without regard to
/// what overcommitting allows (alloc_hugetlb_folio_nodemask()).
struct HugeRoom {
	bool gigantic = false; ///< larger than what the kernel's allocator gives
	uint64_t pool = 0;     ///< free in the pools there
	uint64_t pieces = 0;   ///< free memory there in pieces of this size; of gigantic ones 0
	/// Free in all pools of the machine, less those that are reserved for somebody: without any
	/// the kernel neither takes one of a pool nor lets one go.
	uint64_t spare = 0;

	/// What the pools give.
	uint64_t from_pool() const { return spare > 0 ? pool : 0; }
};

/// Where what is in a block could go. The kernel moves it to the other nodes, and within its own
/// node only where there is no other (do_migrate_range()).
struct Room {
	bool elsewhere = true; ///< on other nodes; else on its own
	/// Free there for an allocation like these, or soon made so: not less than what the kernel
	/// could find.
	uint64_t bytes = 0;
	std::map<uint64_t, HugeRoom> huge; ///< by the size of the pages in bytes
};

/// Huge pages of one size in a block.
struct HugeUse {
	uint64_t bytes = 0; ///< what one has of the block: all of it, or as much as is in the block
	uint64_t count = 0;
	uint64_t least = 0;	      ///< so many are in use for certain,
	uint64_t most = 0;	      ///< and no more than so many
	uint64_t free = 0;	      ///< so many are free for certain
	std::optional<HugeRoom> room; ///< nothing where the pools of that size are not known
};

/// In the order of their sizes. Those that no process maps can be in use all the same: the module
/// knows, and without it they count as free.
std::vector<HugeUse> huge_uses(const BlockFacts &facts);

/// Bytes that the kernel's allocator has to find for what an offline moves, at least.
uint64_t least_to_allocate(const BlockFacts &facts);

/// `facts.room`, less what the block itself has of it, which nothing can move to.
Room less_own(const BlockFacts &facts);

} // namespace memhp
