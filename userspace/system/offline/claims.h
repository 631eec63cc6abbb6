// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <vector>

#include "core/base/units.h"
#include "core/offline/claims.h"

namespace memhp
{

struct Claims {
	std::vector<Claim> claims;
	/// Processes whose memory policies were not looked at, or not all of them, for lack of time
	/// or of privilege.
	size_t unseen = 0;
};

/// Who names nodes on this machine: the cpusets that have nodes of their own (cgroup v2
/// `cpuset.mems` where it is not empty; v1 where it is not the same as that of the cpuset above,
/// from which it is copied), and the processes with bound memory (/proc/PID/numa_maps). The kernel
/// walks the page tables of a process to tell that, so the processes have `patience` all together:
/// first each one's policy for all of its memory, then the parts that have one of their own.
Claims read_claims(int root_fd, Time patience);

} // namespace memhp
