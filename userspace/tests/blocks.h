// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// Blocks for the pure tests, built in one expression.
inline Block online_block(uint64_t number, Zone zone = Zone::movable, int node = 0)
{
	Block block;
	block.number = number;
	block.state = BlockState::online;
	block.zone = zone;
	block.node = node;
	block.inode = 1000 + number;
	return block;
}

inline Block offline_block(uint64_t number, int node = 0)
{
	Block block;
	block.number = number;
	block.state = BlockState::offline;
	block.candidates = {Zone::movable, Zone::normal};
	block.node = node;
	block.inode = 1000 + number;
	return block;
}

/// `first` to `last`, both included.
inline std::vector<uint64_t> count(uint64_t first, uint64_t last)
{
	std::vector<uint64_t> numbers;
	for (auto number = first; number <= last; ++number)
		numbers.push_back(number);
	return numbers;
}

} // namespace memhp
