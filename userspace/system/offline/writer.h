// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/base/loop.h"
#include "system/offline/worker.h"

namespace memhp
{

/// Writes values into sysfs files in a process of its own, one after another.
///
/// An offline can loop in the kernel for ever and ends only by a signal, so every write has a
/// deadline, at which the process is killed; the kernel then gives up and the block stays as it
/// was. The next process is started when the old one is seen dead, so there are never two writes at
/// once. The process dies with its parent.
///
/// Blocks come by the hundred, and take less time than a switch from one process to another and
/// back does: those are ordered as a list.
class Writer
{
public:
	struct Outcome {
		int error = 0; ///< errno of open(2) or write(2), 0 for none; EINTR when killed
		bool killed = false;
		Time took{};
	};
	using Done = std::function<void(const Outcome &)>;

	using Changed = worker::Changed;
	/// One block of a list has been tried. Told when the list ends, or when its slice is over
	/// and the next block takes long.
	using Each = std::function<void(const Changed &)>;
	static constexpr size_t most_blocks = worker::most_blocks;

	/// More time for a block that gets on. Asked every `interval`: beyond its deadline the
	/// write goes on while `gets_on` holds, but never beyond `longest`, a span.
	struct Extension {
		Time interval;
		Time longest;
		std::function<bool()> gets_on;
	};

	/// How long a list of blocks may take before others have their turn. Between two lists
	/// nothing is written, for as long as a block takes; an online need not wait for a list of
	/// offlines, see interrupt().
	static constexpr std::chrono::nanoseconds usual_slice = std::chrono::milliseconds(200);

	/// Paths of later orders are below `root_fd`, which must stay open. Throws
	/// std::system_error when the process cannot be started.
	Writer(Loop &loop, int root_fd, std::chrono::nanoseconds slice = usual_slice);
	/// Ends a running write; returns when the process is dead, or after 1 s.
	~Writer();
	Writer(const Writer &) = delete;
	Writer &operator=(const Writer &) = delete;

	/// Orders one write. Not while busy(). `deadline` is a span; `path` has at most 200 bytes,
	/// `value` at most 40.
	void write(const std::string &path, const std::string &value, Time deadline, Done done);

	/// Orders changes of blocks of `root_fd`'s sysfs, at most most_blocks of them, by writing
	/// `value` (at most 40 bytes; "offline", or a type of online) to those that are not in that
	/// state. Not while busy(). It ends with the last, with the first that does not get there,
	/// or when its slice of time is over. `deadline` is a span, for each block. Where `done`
	/// has an error the process has died in the middle, and the first block of which `each` was
	/// not called may have been written.
	void change(const std::vector<uint64_t> &blocks, const std::string &value, Time deadline,
		    Each each, Done done, std::optional<Extension> extension = {});
	/// The block that a change() is at.
	std::optional<uint64_t> changing() const;

	bool busy() const { return static_cast<bool>(done_); }

	/// Ends the running write, if any, as its deadline would: its `done` sees `killed`.
	void interrupt();

	/// True when a killed process has not died after 1 s: it hangs in the kernel.
	bool stuck() const { return stuck_; }

private:
	void start();
	void send(const worker::Order &order, Time deadline);
	void watch(Time at);
	void tell();
	/// Calls the `done` of an order that no process can take, from the loop.
	void refuse(int error);
	void on_reply();
	void on_exit();
	void finish(Outcome outcome);

	Loop &loop_;
	int root_fd_;
	std::chrono::nanoseconds slice_;
	Fd socket_;
	Fd pidfd_;
	pid_t pid_ = -1;
	Loop::Source reply_source_;
	Loop::Source exit_source_;
	Loop::Source deadline_source_;
	Loop::Source slice_source_;
	struct Unmap {
		void operator()(worker::Board *board) const;
	};
	std::unique_ptr<worker::Board, Unmap> board_;
	Done done_;
	Each each_;
	size_t blocks_ = 0; ///< of the running order, which is a list; 0: it is a write
	size_t told_ = 0;   ///< blocks of it of which each_ was called
	Time started_{};
	Time deadline_{}; ///< span
	std::optional<Extension> extension_;
	bool killed_ = false;
	bool stuck_ = false;
};

} // namespace memhp
