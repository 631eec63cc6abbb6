// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "system/base/fd.h"
#include "system/base/loop.h"

namespace memhp
{

/// Tells when any of some files has been written by a program, this one included. In sysfs it sees
/// what comes through a system call, not what the kernel changes by itself.
class FileWatch
{
public:
	/// `changed` is called once for any number of writes that came together.
	static Result<FileWatch> open(Loop &loop, std::function<void()> changed);

	/// Adds a file below `dir`, which must exist.
	Result<void> add(int dir, const std::string &path);

private:
	FileWatch(Fd fd, Loop::Source source) : fd_(std::move(fd)), source_(std::move(source)) {}

	Fd fd_;
	Loop::Source source_; ///< goes before the descriptor
};

} // namespace memhp
