// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace memhp
{

/// Owns a file descriptor; -1 for none.
class Fd
{
public:
	Fd() = default;
	explicit Fd(int fd) : fd_(fd) {}
	Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
	Fd &operator=(Fd &&other) noexcept
	{
		if (this != &other)
			reset(std::exchange(other.fd_, -1));
		return *this;
	}
	~Fd() { reset(); }

	int get() const { return fd_; }
	explicit operator bool() const { return fd_ >= 0; }
	void reset(int fd = -1);
	/// Gives the descriptor away.
	int release() { return std::exchange(fd_, -1); }

private:
	int fd_ = -1;
};

/// Opens `path` below `dir` (AT_FDCWD: the working directory), close-on-exec. To read, it does
/// not wait for one who writes: there may be a FIFO by mistake.
Result<Fd> open_at(int dir, const std::string &path, int flags, unsigned mode = 0);

/// True where `dir` is "/" of the running machine, and not a recorded tree.
bool is_running_root(int dir);

/// Whole content of a file below `dir`, trailing newlines cut off. Fails beyond 64 MiB, which is
/// half as much again as the module shows of 131072 blocks, and on a FIFO.
Result<std::string> read_file(int dir, const std::string &path);

/// The same of what the user names as a file, which may be a FIFO: waits for the end of what comes.
Result<std::string> read_input(const std::string &path);

/// Writes `value` to an existing file (as sysfs has them) in one write(2).
Result<void> write_value(int dir, const std::string &path, std::string_view value);

/// Replaces a file as a whole: a reader sees the old content or the new one, never a part. The
/// content is written to `path`.new first, which follows no link that somebody else put there. The
/// file has exactly `mode`.
Result<void> replace_file(int dir, const std::string &path, std::string_view content,
			  unsigned mode = 0600);

/// True for what is not there, or is no more.
inline bool gone(const Error &error)
{
	return error.code == std::errc::no_such_file_or_directory ||
	       error.code == std::errc::no_such_device;
}

/// Names in a directory below `dir`, ascending, without those that begin with a dot; of directories
/// only, where that is wanted. ENOENT where there is no such directory.
Result<std::vector<std::string>> names_in(int dir, const std::string &path,
					  bool directories_only = false);

/// The target of a symbolic link; fails with ENOENT where there is none.
Result<std::string> read_link(int dir, const std::string &path);

} // namespace memhp
