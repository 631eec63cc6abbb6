// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "core/units.h"
#include "system/fd.h"
#include "system/loop.h"

namespace memhp
{

/// Writes values into sysfs files in a process of its own, one after another.
///
/// An offline can loop in the kernel for ever and ends only by a signal, so every write has a
/// deadline, at which the process is killed; the kernel then gives up and the block stays as it
/// was. The next process is started when the old one is seen dead, so there are never two writes at
/// once. The process dies with its parent.
class Writer
{
public:
	struct Outcome {
		int error = 0; ///< errno of open(2) or write(2), 0 for none; EINTR when killed
		bool killed = false;
		Time took{};
	};
	using Done = std::function<void(const Outcome &)>;

	/// Paths of later orders are below `root_fd`, which must stay open. Throws
	/// std::system_error when the process cannot be started.
	Writer(Loop &loop, int root_fd);
	/// Ends a running write; returns when the process is dead, or after 1 s.
	~Writer();
	Writer(const Writer &) = delete;
	Writer &operator=(const Writer &) = delete;

	/// Orders one write. Not while busy(). `deadline` is a span; `path` has at most 200 bytes,
	/// `value` at most 40.
	void write(const std::string &path, const std::string &value, Time deadline, Done done);

	bool busy() const { return static_cast<bool>(done_); }

	/// Ends the running write, if any, as its deadline would: its `done` sees `killed`.
	void interrupt();

	/// True when a killed process has not died after 1 s: it hangs in the kernel.
	bool stuck() const { return stuck_; }

private:
	void start();
	void on_reply();
	void on_exit();
	void finish(Outcome outcome);

	Loop &loop_;
	int root_fd_;
	Fd socket_;
	Fd pidfd_;
	pid_t pid_ = -1;
	Loop::Source reply_source_;
	Loop::Source exit_source_;
	Loop::Source deadline_source_;
	Done done_;
	Time started_{};
	bool killed_ = false;
	bool stuck_ = false;
};

} // namespace memhp
