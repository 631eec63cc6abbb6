// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/words.h"

namespace memhp
{

/// The kernel's own settings for memory that comes. auto_online_blocks says whether it onlines new
/// blocks by itself; the others say in which zone an online ends that names none, which is also
/// what the kernel does when it puts back the blocks of an ejection that failed. These came with
/// Linux 5.15.
///
/// They are written in this order, and put back in the opposite one: a ratio before the policy that
/// works with it.
enum class KernelSetting {
	auto_movable_ratio,	 ///< percent; 0: always a kernel zone
	auto_movable_numa_aware, ///< Y: the ratio must hold on each node too
	online_policy,		 ///< contig-zones or auto-movable
	auto_online_blocks,	 ///< offline, online, online_kernel, online_movable
};

inline constexpr Words<KernelSetting, 4> kernel_setting_words = {{
	{KernelSetting::auto_movable_ratio, "auto_movable_ratio"},
	{KernelSetting::auto_movable_numa_aware, "auto_movable_numa_aware"},
	{KernelSetting::online_policy, "online_policy"},
	{KernelSetting::auto_online_blocks, "auto_online_blocks"},
}};

constexpr std::string_view to_string(KernelSetting setting)
{
	return word_for(kernel_setting_words, setting);
}

/// Values as the kernel's files show them. A setting that is missing is left as it was found.
using SettingValues = std::map<KernelSetting, std::string>;

/// A setting that memhpd has taken over.
struct HeldSetting {
	std::string found; ///< what is to be put back
	/// What memhpd wrote: a value that is one of these may be put back. Two only from before a
	/// write until after it.
	std::vector<std::string> ours;

	bool operator==(const HeldSetting &) const = default;
};

using HeldSettings = std::map<KernelSetting, HeldSetting>;

} // namespace memhp
