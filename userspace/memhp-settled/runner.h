// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include "system/config/hooks.h"

namespace memhp
{

/// How long a program may take.
struct HookLimits {
	Time each = std::chrono::minutes(1);
	/// From SIGTERM to SIGKILL, and from there until it is left behind.
	Time grace = std::chrono::seconds(5);
};

/// Runs one program to its end, or ends it with all its process group when its time is over. It is
/// run with nothing to read, as the leader of a session of its own, with `variables` in addition to
/// the environment of this process.
HookEnd run_hook(const std::string &directory, const std::string &name, const Variables &variables,
		 const HookLimits &limits);

/// Takes the file settled.env out of the directory `dir` and runs the programs that it names the
/// directory of, one after another; each end is logged, and is in the report in `dir` from then on.
/// A report without programs where there is no such file or no program. Fails where that cannot be
/// found out.
Result<HooksReport> run_settled(int dir, const HookLimits &limits);

} // namespace memhp
