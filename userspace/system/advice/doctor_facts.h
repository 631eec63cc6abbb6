// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include "core/advice/doctor.h"

namespace memhp
{

/// Where the facts of a machine are: the running one, or a recorded tree.
struct DoctorPaths {
	std::string sysroot; ///< "/" or a directory
	std::string config;  ///< of memhpd's configuration, as it can be opened from here
	std::string socket;  ///< where memhpd listens
};

/// Reads everything that doctor looks at. Fails only where there is no such directory as `sysroot`;
/// what else cannot be read is named in the facts.
Result<Facts> read_facts(const DoctorPaths &paths);

/// Its rooms. What could not be read they name in `facts`.
KernelFacts read_kernel_facts(int root_fd, Facts &facts);
ModuleFacts read_module_facts(int root_fd, const std::string &release, Facts &facts);
OthersFacts read_others_facts(int root_fd, Facts &facts);
/// Asks memhpd; where nobody answers, its state file tells what is offline on purpose. A recorded
/// tree has nobody who could answer: there its mark must do.
DaemonFacts read_daemon_facts(int root_fd, const DoctorPaths &paths, Facts &facts);

} // namespace memhp
