// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// What blocks are counted by.
struct BlockKind {
	BlockState state = BlockState::unknown;
	Zone zone = Zone::none;
	Source source = Source::unknown;
	std::optional<int> node;
	std::string device;
};

bool operator<(const BlockKind &one, const BlockKind &other);
BlockKind kind_of(const Block &block);
/// True where it is kind_of(block).
bool is_of(const Block &block, const BlockKind &kind);

/// How many blocks there are of each kind: all that a report of totals has to know of them. There
/// are few kinds, however many blocks there are.
struct Tally {
	std::map<BlockKind, uint64_t> kinds; ///< no count is 0
	/// Blocks of the largest device that came later, cannot grow, and has no name.
	uint64_t largest_nameless = 0;

	uint64_t blocks() const;
};

/// `blocks` of the whole machine, ascending.
Tally tally_of(const std::vector<Block> &blocks);

} // namespace memhp
