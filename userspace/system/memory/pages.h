// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/memory/pages.h"

namespace memhp
{

/// Which of `blocks` have poisoned pages. Looks at nothing where the kernel counts no poisoned
/// memory at all. Fails where it does, and /proc/kpageflags cannot be read.
Result<std::set<uint64_t>> poisoned_blocks(int root_fd, uint64_t block_size,
					   const std::vector<uint64_t> &blocks);

/// What offlining each of `blocks` costs, see cost(), by a sample of its pages, one after another
/// as long as `patience` lasts: a look at all pages of a large machine takes longer than what is
/// gained by it. Empty where /proc/kpageflags cannot be read.
std::map<uint64_t, unsigned> block_costs(int root_fd, uint64_t block_size,
					 const std::vector<uint64_t> &blocks, Time patience);

} // namespace memhp
