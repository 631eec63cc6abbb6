// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "core/memory/tally.h"
#include "core/memory/totals.h"
#include "core/online/policy.h"

namespace memhp
{

/// In bytes: kernel, movable, other, offline.
nlohmann::json to_json(const Totals &totals);

/// How much memory a machine has and what it is good for: block_size, blocks, total, nodes, and the
/// ratio within the bounds of `bounds`; sizes in bytes. Of `root_fd`'s machine the zones are read,
/// and which nodes there are: one may have processors and no memory.
nlohmann::json memory_report(int root_fd, const Tally &tally, uint64_t block_size,
			     const OnlinePolicy &bounds);

} // namespace memhp
