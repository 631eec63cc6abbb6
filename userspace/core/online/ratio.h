// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/memory/tally.h"
#include "core/online/policy.h"

namespace memhp
{

/// Movable : kernel memory by the rule of the kernel's online_policy auto-movable
/// (auto_movable_can_online_movable() in mm/memory_hotplug.c, Linux 5.15 and later), in its units:
/// whole pages, and a ratio in whole percent.

/// A zone as /proc/zoneinfo shows it; all counts are pages.
struct ZonePages {
	int node = 0;
	bool movable = false; ///< ZONE_MOVABLE; the others are the kernel's
	uint64_t present = 0;
	uint64_t cma = 0;	///< of `present`; only movable pages may use them
	uint64_t available = 0; ///< about what the kernel could get of it for itself
	uint64_t kept = 0;	///< free, but only for emergencies: below the min watermark
	uint64_t listed = 0;	///< free, in the lists of the processors
};

/// What sysfs's memory blocks do not tell.
struct ZoneTable {
	uint64_t page_size = 4096;     ///< bytes
	std::vector<ZonePages> zones;  ///< empty where /proc/zoneinfo cannot be read
	bool memmap_on_memory = false; ///< a DIMM brings the room for its own memmap
};

/// The memory that counts; all counts are pages.
struct MemoryCount {
	struct Pages {
		/// Of the boot, in kernel zones, without CMA: what the kernel has for sure.
		uint64_t early = 0;
		uint64_t added =
			0; ///< hot-added, in kernel zones: may go again, counts for nothing
		uint64_t movable = 0; ///< with CMA

		bool operator==(const Pages &) const = default;
	};
	/// A virtio-mem device, to the kernel a dynamic memory group: its own kernel memory allows
	/// for movable memory of its own.
	struct Group {
		std::string device;
		int node = 0;
		uint64_t movable = 0;
		uint64_t kernel = 0;
	};

	uint64_t page_size = 4096;
	uint64_t block_pages = 0;
	std::map<int, Pages> nodes; ///< -1: of no single node
	std::vector<Group> groups;
	std::optional<uint64_t> available; ///< kernel memory free or soon freed; nothing: unknown
	bool memmap_on_memory = false;
	uint64_t largest_device = 0; ///< of all that were hot-added and cannot grow

	Pages all() const;
	/// Takes into account a block that is about to come online.
	void add(const Block &block, bool movable) { add(kind_of(block), movable, 1); }
	void add(const BlockKind &kind, bool movable, uint64_t blocks);
};

/// Of the whole machine. Without zones in the table whole blocks are counted.
MemoryCount count_memory(const Tally &tally, uint64_t block_size, const ZoneTable &table);
inline MemoryCount count_memory(const std::vector<Block> &blocks, uint64_t block_size,
				const ZoneTable &table)
{
	return count_memory(tally_of(blocks), block_size, table);
}

/// A ratio that no machine reaches; the kernel keeps it in an int.
inline constexpr double no_bound = 10'000;

/// The bound up to which memory is onlined as movable, which the kernel is given too.
double movable_bound(const OnlinePolicy &policy);
/// As auto_movable_ratio has it.
uint64_t percent(double ratio);

/// Memory that might become movable.
struct Growth {
	uint64_t pages = 0;
	int node = 0;
	std::string group; ///< the device of a dynamic group; else empty
};

/// True where it may, by the kernel's rule; with `per_node` the ratio must hold on its node too.
bool fits(const MemoryCount &count, const Growth &growth, double ratio, bool per_node);

/// Bytes that the memmap of so many pages takes, 64 for each page: 1/64 with pages of 4 KiB.
uint64_t memmap_bytes(uint64_t pages);

/// What becomes of blocks that policy wants to be movable.
struct Allotment {
	OnlineAction action = OnlineAction::movable; ///< movable, kernel or offline
	std::string by;	    ///< the key that says so; empty where it is as policy wants
	std::string why;    ///< the figures; empty where there is nothing to say
	std::string remark; ///< worth a warning, where the action is movable all the same
	std::vector<Block> blocks;
};

/// Decides on the blocks `fresh` of a device: all of them alike, or block by block for a device
/// that grows. Adds them to `count`. `in_kernel`: a block of the device is in a kernel zone by an
/// earlier decision, which then holds for the others.
std::vector<Allotment> allot(const OnlinePolicy &policy, const Device &device,
			     const std::vector<Block> &fresh, MemoryCount &count,
			     bool in_kernel = false);

/// How a machine stands to the bounds of its policy.
struct RatioState {
	enum class Standing { within, beyond, beyond_hard };

	Standing standing = Standing::within;
	std::optional<double> ratio; ///< nothing without kernel memory of the boot
	/// Bytes of kernel memory available, and needed for the memmap of another device like the
	/// largest that was hot-added.
	std::optional<uint64_t> available;
	uint64_t needed = 0;
	bool full = false; ///< not one more block fits below movable_bound()

	bool memmap_short() const { return available && *available < needed; }
};

inline constexpr Words<RatioState::Standing, 3> ratio_standing_words = {{
	{RatioState::Standing::within, "within"},
	{RatioState::Standing::beyond, "beyond"},
	{RatioState::Standing::beyond_hard, "beyond-hard"},
}};

RatioState ratio_state(const OnlinePolicy &policy, const MemoryCount &count);

/// In a line: "0.53, at most 4 (warn), never beyond 16; …".
std::string describe(const OnlinePolicy &policy, const RatioState &state);

/// Movable : kernel memory of the boot; nothing where there is none of the latter.
std::optional<double> ratio_of(const MemoryCount::Pages &pages);

} // namespace memhp
