// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// Somebody who has said from which NUMA nodes memory has to come.
struct Claim {
	std::string who; ///< for a person: "cpuset /sys/fs/cgroup/db"
	std::vector<int> nodes;
};

/// A list as the kernel writes it, "0-1,4"; nothing for what is none. An empty one names no node.
std::optional<std::vector<int>> parse_nodes(std::string_view text);

/// The nodes of a line of /proc/PID/numa_maps whose memory is bound (MPOL_BIND, which the kernel
/// words as "bind:1" or "bind=static:1"); empty for any other.
std::vector<int> bound_nodes(std::string_view line);

/// Nodes that are without online memory once `chosen` are offline, and have some now; ascending.
std::vector<int> emptied_nodes(const std::vector<Block> &blocks,
			       const std::vector<uint64_t> &chosen);

/// True where `block` is online and all the online memory that this node has.
bool takes_the_last(const std::vector<Block> &blocks, uint64_t block, int node);

/// So many blocks at least may go from a node with this much online memory before it is at its
/// last. The memory of a block is not all of its size where a part of it is reserved, so of a node
/// with less than three blocks nothing is known; nor where `bytes` are not known.
size_t spare_blocks(std::optional<uint64_t> bytes, uint64_t block_size);

/// For each node that is claimed by whom, in words: the first three, and how many more.
std::map<int, std::string> by_node(const std::vector<Claim> &claims);

} // namespace memhp
