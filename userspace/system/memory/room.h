// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>

#include "core/explain/explain.h"

namespace memhp
{

/// Where what is in a block of `node` could go: what is free, or holds what can be dropped, on the
/// other nodes that have memory; where there is none, on the node itself. Swap counts too. From
/// /sys/devices/system/node and /proc; nothing where there is no account of nodes. A pool of which
/// a file cannot be read is left out.
std::optional<Room> read_room(int root_fd, std::optional<int> node);

/// Online memory of a node (MemTotal of its meminfo); nothing where the kernel does not tell.
std::optional<uint64_t> online_bytes(int root_fd, int node);

/// The machine has memory for contiguous allocations (CmaTotal of /proc/meminfo).
bool has_cma(int root_fd);

/// Memory that is added keeps its memmap on itself (memmap_on_memory of memory_hotplug,
/// since 5.15).
bool own_memmap(int root_fd);

} // namespace memhp
