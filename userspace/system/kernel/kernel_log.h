// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/kernel/kernel_log.h"
#include "system/base/fd.h"
#include "system/base/loop.h"

namespace memhp
{

/// The kernel's log from here on, to be read later. Fails as KernelLog::open() does.
Result<Fd> mark_kernel_log(int root_fd, const std::string &path);

/// The messages since then, as far as the log still has them.
std::vector<KernelMessage> read_kernel_log(const Fd &log);

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
