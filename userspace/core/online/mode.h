// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/online/policy.h"
#include "core/online/setting.h"

namespace memhp
{

inline constexpr Words<OnlineMode, 3> online_mode_words = {{
	{OnlineMode::automatic, "auto"},
	{OnlineMode::kernel, "kernel"},
	{OnlineMode::daemon, "daemon"},
}};

constexpr std::string_view to_string(OnlineMode mode) { return word_for(online_mode_words, mode); }

/// What the choice of the mode depends on beside the policy.
struct Surroundings {
	bool dax = false;	  ///< there are dax devices
	bool hv_balloon = false;  ///< Hyper-V's balloon has its device
	bool xen_balloon = false; ///< Xen's balloon runs
	/// NUMA nodes that can hold memory; empty where nobody knows, and any may.
	std::vector<int> nodes;
};

struct ModeChoice {
	OnlineMode mode = OnlineMode::daemon; ///< kernel or daemon
	/// Of all devices in kernel mode; of those that no rule picks out in daemon mode.
	OnlineAction action = OnlineAction::movable;
	std::string why;
};

/// Kernel mode is for machines where a driver waits for each single block, or where it is asked
/// for; and only while one action covers every device that can appear here, since the kernel's
/// settings know no devices. The first dax device ends it: daxctl refuses to work where the kernel
/// onlines by itself.
ModeChoice choose_mode(const OnlinePolicy &policy, const Surroundings &surroundings);

/// What the kernel can do about the ratio, and how the machine stands to it.
struct KernelSide {
	bool online_policy = true; ///< it has the policy auto-movable: Linux 5.15 and later
	/// What comes next goes into the kernel zone by a bound that the kernel does not know: it
	/// has no such policy, or there is too little kernel memory for a memmap.
	bool kernel_next = false;
};

/// The kernel's settings under a choice.
///
/// In daemon mode the kernel onlines nothing by itself. In both modes an online that names no zone
/// goes where the policy would have it, by the auto-movable rule with movable_bound() as ratio. In
/// kernel mode new blocks come in that way too, as long as there is a bound: an online_movable
/// would pass it by.
SettingValues wanted_settings(const OnlinePolicy &policy, const ModeChoice &choice,
			      const KernelSide &kernel = {});

} // namespace memhp
