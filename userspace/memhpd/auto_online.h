// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>

#include "core/block.h"
#include "core/result.h"
#include "system/sysfs.h"

namespace memhp
{

/// The kernel's auto_online_blocks while memhpd runs: "offline", so that memhpd alone decides.
class AutoOnline
{
public:
	explicit AutoOnline(const Sysfs &sysfs) : sysfs_(sysfs) {}

	/// What to hand back later: the value found, or `saved` where a memhpd that was killed has
	/// left its own value behind. To be saved before take_over().
	Result<std::string> find(const std::optional<std::string> &saved);

	Result<void> take_over() const;

	/// Puts the found value back, unless somebody changed ours in the meantime. False when ours
	/// may have stayed behind.
	bool restore() const;

	const std::string &found() const { return found_; }
	/// How the kernel would online a new block by itself; nothing for "offline".
	std::optional<OnlineType> kernel_default() const { return parse_online_type(found_); }

private:
	const Sysfs &sysfs_;
	std::string found_;
};

} // namespace memhp
