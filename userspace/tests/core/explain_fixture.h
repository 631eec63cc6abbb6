// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/explain/explain.h"

namespace memhp
{

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }
inline constexpr uint64_t buddy = bit(10);
inline constexpr uint64_t anon = bit(5) | bit(11) | bit(12) | bit(14);
inline constexpr uint64_t huge_head = bit(17) | bit(15);
inline constexpr uint64_t huge_tail = bit(17) | bit(16);
inline constexpr size_t block_pages = 2048;
inline constexpr uint64_t huge_size = 2 << 20;
inline constexpr uint64_t gigantic_size = 1 << 30;

/// A free block of the movable zone, of which everything is known.
inline BlockFacts block_of(Zone zone = Zone::movable)
{
	BlockFacts facts;
	facts.block.number = 40;
	facts.block.state = BlockState::online;
	facts.block.zone = zone;
	facts.block.source = Source::acpi_dimm;
	facts.block_size = block_pages * 4096;
	facts.ram.emplace();
	facts.module.emplace();
	facts.room.emplace();
	facts.room->bytes = uint64_t{1} << 30;
	facts.room->huge[huge_size] = {false, 0, 100, 0};
	facts.room->huge[gigantic_size] = {true, 0, 0, 0};
	return facts;
}

/// `pages` with these flags, then free ones; of which the first `mapped` are mapped.
inline void fill(BlockFacts &facts, const std::vector<std::pair<uint64_t, size_t>> &pages,
		 bool mapped = true)
{
	std::vector<uint64_t> flags;
	for (const auto &[flag, count] : pages)
		flags.insert(flags.end(), count, flag);
	flags.resize(block_pages, buddy);
	const std::vector<uint64_t> mapcounts(flags.size(), mapped);
	Census census;
	census.add(flags.data(), mapcounts.data(), flags.size());
	census.finish();
	facts.census = census;
}

inline void hold(BlockFacts &facts, bool with_owner)
{
	fill(facts, {{anon, 10}});
	facts.module->to_move = 10;
	facts.module->held = 1;
	facts.held.push_back({0x300000, "anon", 2, 1, 1, 1});
	Owner owner;
	owner.pid = 312;
	owner.comm = "holdpage";
	owner.held = {0x300000};
	if (with_owner)
		facts.owners.processes = {owner};
	facts.owners.complete = true;
}

inline LastFailure failure(const char *stage, int error,
			   std::optional<Time> ago = std::chrono::seconds(3))
{
	LastFailure result;
	result.stage = stage;
	result.error = error;
	result.ago = ago;
	return result;
}

} // namespace memhp
