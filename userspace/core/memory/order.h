// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

namespace memhp
{

/// In which order to online or offline blocks of one zone.
///
/// After each online and offline the kernel walks the zone from its start to the first hole, to
/// learn whether it is contiguous (set_zone_contiguous() in mm/page_alloc.c): in address order n
/// blocks cost n² steps. Both orders therefore keep a hole open as low in the zone as they can for
/// as long as they can. All block numbers are of one node and zone; no duplicates.

/// Orders blocks to be onlined. The lowest block of the zone comes first if it is among them (the
/// zone's start moves only once), the lowest other one comes last: until then it is the hole.
/// `online` are the blocks that the zone has already, in any order.
std::vector<uint64_t> online_order(std::vector<uint64_t> blocks,
				   const std::vector<uint64_t> &online);

/// Orders blocks to be taken offline. The lowest that is not the zone's first goes first and
/// makes the hole, then the others as they are given; the zone's first block is the last to go,
/// since its going would only move the zone's start. `online` are all blocks that the zone has
/// now, those to be offlined among them.
std::vector<uint64_t> offline_order(std::vector<uint64_t> blocks,
				    const std::vector<uint64_t> &online);

} // namespace memhp
