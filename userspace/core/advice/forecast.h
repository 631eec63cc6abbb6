// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/memory/totals.h"
#include "core/offline/guard.h"
#include "core/online/ratio.h"

namespace memhp
{

/// Memory that somebody thinks of plugging in.
struct NewMemory {
	uint64_t bytes = 0;	 ///< a multiple of the block size
	std::optional<int> node; ///< nothing: the lowest that has memory
	Source source = Source::acpi_dimm;
};

/// A machine as it is, or would be.
struct Snapshot {
	std::vector<Block> blocks;
	MemoryCount count;

	std::map<int, Totals> nodes(uint64_t block_size) const; ///< -1: of no single node
	/// Bytes of hot-added memory that could be taken out again: of a device that goes as a
	/// whole all or nothing, of one that shrinks each block that is movable or offline.
	uint64_t unpluggable(uint64_t block_size) const;
};

/// What a plan would make of a machine.
struct Forecast {
	/// Blocks that are treated alike, for the same reason.
	struct Part {
		std::vector<uint64_t> blocks;
		std::string action;	///< a word of online_action_words, or "offline"
		Zone zone = Zone::none; ///< where they come to be, or are now
		std::string by;		///< what says so
		std::string why;	///< the figures; may be empty
	};

	std::vector<Part> parts;
	Snapshot before;
	Snapshot after;
	/// Bytes for the descriptors of the hot-added memory: taken when it is added, given back
	/// when it is taken out.
	uint64_t memmap = 0;
	bool memmap_on_memory = false;	///< from the new memory itself
	std::optional<int> memmap_node; ///< whose kernel memory; nothing: not that of its own node
	std::vector<std::string> ejectable; ///< devices without an online block, then
	std::vector<std::string> warnings;
};

/// What policy would do with new memory, whose blocks get the numbers behind the highest. Fails on
/// a size that is no multiple of the block size, none, or more than 2^20 blocks. `possible`: nodes
/// that can have memory, empty for any.
Result<Forecast> forecast_add(const NewMemory &memory, const Snapshot &now, uint64_t block_size,
			      const OnlinePolicy &policy, const std::vector<int> &possible);

/// What would be if all of `chosen` (online blocks) went offline, in that order. `load`: of the
/// machine now.
Forecast forecast_offline(const std::vector<uint64_t> &chosen, const Snapshot &now,
			  uint64_t block_size, const Config &config, const Result<Load> &load);

} // namespace memhp
