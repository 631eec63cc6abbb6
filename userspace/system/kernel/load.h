// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/offline/guard.h"

namespace memhp
{

/// Whether the control group of this process holds nothing but memhp, so that what it waits for
/// memory is memhp's own doing.
enum class OwnGroup { no, yes };

/// How the machine below `root_fd` is now: /proc/meminfo, /proc/pressure/memory. Fails where there
/// is no MemTotal or MemAvailable; a kernel that does not measure pressure is no failure.
Result<Load> read_load(int root_fd, OwnGroup own_group);

/// Bytes on pages that are poisoned (HardwareCorrupted of /proc/meminfo); 0 where the kernel has no
/// notion of it.
Result<uint64_t> poisoned_bytes(int root_fd);

/// Pages that the kernel has moved from one place to another so far, whoever asked for it
/// (pgmigrate_success of /proc/vmstat); nothing where that is not known.
std::optional<uint64_t> moved_pages(int root_fd);

} // namespace memhp
