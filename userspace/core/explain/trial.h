// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/explain/explain.h"
#include "core/explain/owners.h"
#include "core/memory/block.h"

namespace memhp
{

/// Why a block that is taken offline for a trial could not be put back as it was, or why there is
/// nothing to try; nothing where it can be tried. `all` are all blocks of the machine.
std::optional<std::string> trial_refusal(const BlockFacts &facts, const std::vector<Block> &all);

/// What the kernel says of an attempt, beside the errno.
struct TrialLog {
	/// "failure to isolate range", "signal backoff"; empty where it says nothing.
	std::string reason;
	/// Pages that it has dumped again and again, or the only one: they did not move. Those of
	/// the last attempt, not more than a few.
	std::vector<HeldPage> pages;
	std::string dumped_because; ///< "unmovable page", "migration failure"
	std::string flags;	    ///< of the first of these pages, by their names: "slab"
};

/// `lines` are messages of the kernel's log since before the attempt, in their order:
/// "memory offlining [mem …] failed due to REASON" (mm/memory_hotplug.c, dynamic debug) and page
/// dumps (mm/debug.c).
TrialLog read_trial(const std::vector<std::string> &lines);

/// How a trial ended.
struct TrialResult {
	bool tried = false;
	bool went = false;
	bool back = false;   ///< it is online as before, in its zone
	int error = 0;	     ///< errno, of one that did not go
	bool killed = false; ///< it did not end within its deadline
	std::string waiting; ///< why it was not tried
	TrialLog log;
	Owners owners; ///< of the pages in the log
};

/// What follows from it: can go, cannot go and why, or, where nothing was tried, unknown.
Judgement judge_trial(const TrialResult &result);

/// A place of the kernel's source that can be made to say more: a line of dynamic_debug/control.
struct DebugSite {
	std::string file;
	uint64_t line = 0;
	bool on = false; ///< it prints
};

/// Those in function `function`; `text` is the content of dynamic_debug/control.
std::vector<DebugSite> debug_sites(std::string_view text, std::string_view function);

} // namespace memhp
