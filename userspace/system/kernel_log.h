// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>

#include "core/kernel_log.h"
#include "system/fd.h"
#include "system/loop.h"

namespace memhp
{

/// Follows the kernel's log from now on.
class KernelLog
{
public:
	using Callback = std::function<void(const KernelMessage &)>;

	/// `path` below `root_fd` is /dev/kmsg, which only root may read where
	/// kernel.dmesg_restrict is set.
	static Result<KernelLog> open(Loop &loop, int root_fd, const std::string &path,
				      Callback callback);

	/// The same for a descriptor that gives one record a read(2).
	KernelLog(Loop &loop, Fd fd, Callback callback);

	/// Calls for each record that is there now.
	void drain() { drain_(); }

private:
	Fd fd_;
	std::function<void()> drain_;
	Loop::Source source_; ///< goes before the descriptor
};

} // namespace memhp
