// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tree.h"

namespace memhp
{

/// Like an arm64 machine: RAM begins at 1 GiB, so there is no block 0, and all below 4 GiB is zone
/// DMA. 4 GiB of boot memory on node 0; right above it a DIMM of 2 GiB, offline, PNP0C80:00; at 512
/// GiB 4 GiB of a dax device on node 1, offline. Blocks of `block_size` bytes, at most 1 GiB.
std::unique_ptr<MachineTree> arm64_machine(uint64_t block_size);

/// A machine of 16 TiB, 131072 blocks of 128 MiB on one node: a quarter boot memory in zone Normal,
/// then 12 DIMMs of 8192 blocks, PNP0C80:00 to :0b, in zone Movable, the last of them offline. Made
/// of links to a few directories, so it can be read and not changed.
std::unique_ptr<MachineTree> large_machine();
constexpr uint64_t large_machine_blocks = 131072;
constexpr uint64_t large_machine_boot = large_machine_blocks / 4;
constexpr uint64_t large_machine_dimm = 8192;

/// The recorded machine `name` of tests/machines; see record.sh there.
std::unique_ptr<MachineTree> recorded_machine(const std::string &name);

} // namespace memhp
