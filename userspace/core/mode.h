// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/policy.h"
#include "core/setting.h"

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

/// The kernel's settings under a choice.
///
/// In daemon mode the kernel onlines nothing by itself. In both modes an online that names no zone
/// goes where the policy would have it, by the auto-movable rule with the policy's bound as ratio,
/// for the whole machine and not for each node: a node whose memory came later has no kernel memory
/// of the boot, and with numa_aware nothing there would ever be movable.
SettingValues wanted_settings(const OnlinePolicy &policy, const ModeChoice &choice);

} // namespace memhp
