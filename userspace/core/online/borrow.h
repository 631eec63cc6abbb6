// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// The block that is worth being offline while `coming` are onlined as movable, see
/// core/memory/order.h: where the zone is full of online blocks from its start on, the hole of the
/// new ones comes late, and the kernel walks over all before it each time. The zone's second block
/// then makes a better one. Nothing where that saves less than it costs to take a block offline and
/// bring it back, or where that block cannot be had: it is its host's (virtio-mem, a balloon) or of
/// a dax device, which has an owner of its own.
///
/// `coming` are offline, and `all` are all blocks of the machine, ascending, those among them.
std::optional<Block> lender(const std::vector<Block> &coming, const std::vector<Block> &all);

} // namespace memhp
