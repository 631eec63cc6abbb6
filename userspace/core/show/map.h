// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// What a map shows of a piece of memory.
enum class Look { none, dma, dma32, normal, movable, device, several, offline, changing, unknown };

/// An online block looks as its zone does, and as `several` where it is in no single one.
Look look_of(const Block &block);

/// Physical memory as rows of cells.
struct MemoryMap {
	struct Cell {
		Look look = Look::none; ///< of most of its blocks; `none` where there are none
		bool whole = true;	///< all its blocks look so
	};
	struct Row {
		std::optional<int> node;
		uint64_t first = 0; ///< number of the block at which the first cell begins
		std::vector<Cell> cells;
	};

	uint64_t blocks_per_cell = 1;
	std::vector<Row> rows;		 ///< by node, blocks of none last, then by address
	std::map<Look, uint64_t> blocks; ///< how many look so
};

/// Lays out blocks, ascending, with at most `width` cells a row. A row begins at a block and ends
/// at one; where the next block is out of its reach another row begins. Without `blocks_per_cell`
/// it is the smallest power of two by which the map has at most `height` rows, if any does.
MemoryMap lay_out(const std::vector<Block> &blocks, size_t width, size_t height,
		  std::optional<uint64_t> blocks_per_cell = std::nullopt);

/// Neighbouring blocks of one node that look the same.
struct Stretch {
	std::optional<int> node;
	uint64_t first = 0;
	uint64_t last = 0;
	BlockState state = BlockState::unknown;
	Zone zone = Zone::none;
};

/// In the order of the rows of a map.
std::vector<Stretch> stretches(const std::vector<Block> &blocks);

} // namespace memhp
