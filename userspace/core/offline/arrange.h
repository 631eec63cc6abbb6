// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

#include "core/memory/block.h"
#include "core/offline/retry.h"

namespace memhp
{

/// An order of blocks, and what becomes of it when the block fails that its hole depends on: then
/// the lowest that goes makes the hole.
struct Arranged {
	std::vector<uint64_t> blocks;
	JobSpec::Rearrange rearrange;
};

/// The offline order for these online blocks, node by node and zone by zone.
Arranged arrange_offline(const std::vector<Block> &chosen, const std::vector<Block> &all);

/// The online order for blocks that all shall become `type`, node by node.
Arranged arrange_online(const std::vector<Block> &chosen, const std::vector<Block> &all,
			OnlineType type);

} // namespace memhp
