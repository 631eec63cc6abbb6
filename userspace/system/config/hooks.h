// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/online/hooks.h"

namespace memhp
{

/// Files in memhpd's directory, /run/memhp: what waits to be told, and how the last telling went.
constexpr auto settled_file = "settled.env";
constexpr auto hooks_report_file = "settled.json";

/// Why a file in the directory of programs is none.
struct NoHook {
	std::string name;
	std::string reason;
};

struct HookList {
	std::vector<std::string> names; ///< to be run, in this order
	std::vector<NoHook> passed_over;
};

/// The programs in `directory`: its executable files in the order of their names, links followed.
/// Passed over are files that are not executable, and those that anybody but root or the caller
/// could have written; names that is_hook_name() refuses, directories and links to nothing are not
/// even mentioned. Fails where the directory cannot be read, or somebody else may write into it.
Result<HookList> find_hooks(const std::string &directory);

/// How one program ended.
struct HookEnd {
	enum class How {
		exited,
		signalled,
		timed_out,   ///< ended because its time was over
		not_started, ///< the kernel would not run it
	};
	std::string name;
	How how = How::exited;
	int number = 0; ///< exit status, signal, or errno
	Time took{};

	bool good() const { return how == How::exited && number == 0; }
};

/// "exit status 3", "killed by SIGSEGV", "ended after 1m: it had not finished".
std::string describe(const HookEnd &end);

/// The programs of one burst.
struct HooksReport {
	Time began{};		    ///< CLOCK_BOOTTIME
	size_t count = 0;	    ///< programs to be run
	std::vector<HookEnd> ended; ///< so far
	std::string problem;	    ///< why nothing could be run; empty where it could

	bool finished() const { return !problem.empty() || ended.size() == count; }
	bool good() const;
};

/// Replaces the report in the directory `dir`.
Result<void> save_hooks_report(int dir, const HooksReport &report);
/// Nothing where no program was run since boot.
Result<std::optional<HooksReport>> load_hooks_report(int dir, const std::string &path);

} // namespace memhp
