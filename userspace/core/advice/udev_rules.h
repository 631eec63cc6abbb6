// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

namespace memhp
{

/// What a file of udev rules does at events of memory blocks.
struct MemoryRules {
	std::string onlines;	    ///< the line that onlines a block; empty: it does not
	std::string runs;	    ///< the first line that runs a program; empty: none
	bool kdump = false;	    ///< that program loads the crash kernel again
	bool throttled = false;	    ///< not at each block, but once after many
	bool crash_hotplug = false; ///< it asks whether the kernel updates the crash kernel itself
};

/// `text` is the content of a .rules file, see udev(7). A line counts where it matches
/// SUBSYSTEM=="memory" itself, where all others have been sent away (SUBSYSTEM!="memory", GOTO=…),
/// and behind a label that memory is sent to. Other conditions are not looked at.
MemoryRules read_memory_rules(std::string_view text);

} // namespace memhp
