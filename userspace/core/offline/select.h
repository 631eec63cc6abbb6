// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"
#include "core/memory/target.h"
#include "core/offline/arrange.h"
#include "core/offline/prospect.h"
#include "core/offline/refusals.h"
#include "core/offline/retry.h"

namespace memhp
{

/// Blocks that a request is about, in the order in which they should be tried.
struct Selection {
	std::vector<uint64_t> blocks; ///< to be changed
	size_t goal = 0;	      ///< how many of `blocks` are wanted; less than all for a size
	std::vector<uint64_t> already;	    ///< named, and in the wanted state before
	std::vector<uint64_t> left_to_host; ///< left out, see select_offline()
	JobSpec::Rearrange rearrange;	    ///< of `blocks`, but for those that only stand in
};

/// Blocks of `target` whatever their state, ascending. Fails when nothing matches, and on a block
/// number or address at which there is no block.
Result<std::vector<Block>> match(const Target &target, const std::vector<Block> &blocks,
				 uint64_t block_size);

/// Offline blocks of `target`, lowest first within each node, in the order of online_order().
Result<Selection> select_online(const Target &target, const std::vector<Block> &blocks,
				uint64_t block_size, OnlineType type);

/// Online blocks of `target` by their prospects (see by_prospect()), in the order of
/// offline_order(). A block of a virtio-mem or balloon device is the host's to resize: it is
/// selected only with `force`, and only when `device:` names its device; of a balloon, which has no
/// name, when the block is named. A poisoned block is passed over where others do as well, and else
/// a failure; so is the last block of a node that somebody claims, unless `force` is set.
Result<Selection> select_offline(const Target &target, const std::vector<Block> &blocks,
				 uint64_t block_size, bool force, const Evidence &evidence = {},
				 Asker asker = Asker::person);

/// The blocks of a selection that are taken if all goes well.
std::vector<uint64_t> wanted(const Selection &selection);

/// Those of the selected blocks between which the goal leaves a choice, by their prospects: of the
/// movable ones, or of those in kernel zones, that kind of which it takes a part. Nothing where it
/// takes all of a kind.
struct Choice {
	std::vector<uint64_t> blocks;
	size_t goal = 0; ///< how many of `blocks` are wanted
};
Choice choice_of(const Selection &selection, const std::vector<Block> &all);

} // namespace memhp
