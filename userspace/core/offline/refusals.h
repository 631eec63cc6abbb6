// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// Who wants memory offline, and is to be told what to do where that is refused.
enum class Asker {
	person,	  ///< can say it in another way
	firmware, ///< a host that asked for a device; a person finds it in the log
};

/// Why blocks with broken memory are in the way of all or nothing.
std::string poisoned(const std::vector<uint64_t> &blocks, Asker asker);

/// Why the last memory of a node stays; `who` as of by_node().
std::string named_by(int node, const std::string &who);
/// The same, and what to do.
std::string claimed(int node, const std::string &who, Asker asker);

/// Why blocks of the host stay, and what to do instead. `left` is not empty.
std::string left_to_host(const std::vector<Block> &left, Asker asker);

} // namespace memhp
