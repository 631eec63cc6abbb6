// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "core/base/units.h"
#include "core/memory/block.h"
#include "core/offline/guard.h"

namespace memhp
{

enum class Change { online, offline };

std::string_view to_string(Change change);

/// What one attempt on a block came to, read back from the block afterwards.
struct Outcome {
	int error = 0;		  ///< errno of the write, 0 for none
	bool reached = false;	  ///< the block is in the wanted state now, whoever did it
	bool killed = false;	  ///< ended by us, at the attempt's deadline
	bool preempted = false;	  ///< ended by us, to let something more urgent pass
	bool kernel_zone = false; ///< the block lies in a kernel zone
	Time took{};
	std::string stage; ///< where in the kernel it failed, if the module saw it
};

/// What to do after an attempt.
enum class Next {
	done,	  ///< the block is in the wanted state
	gone,	  ///< the block does not exist any more
	later,	  ///< try again, after a delay that doubles
	soon,	  ///< try again after a moment
	hopeless, ///< no further attempt of this request can do it
};

/// True for the quick EBUSY of a page that cannot move, found before anything was moved.
bool found_unmovable(const Outcome &outcome);

/// The errno table. `busy` counts the attempts on this block that found an unmovable page before.
Next classify(Change change, const Outcome &outcome, unsigned busy);

struct Backoff {
	Time initial = std::chrono::milliseconds(100);
	double factor = 2.0;
	Time max = std::chrono::seconds(30);
	double jitter =
		0.2; ///< a delay is off by up to this share, so that blocks do not march in step

	/// Delay after `failures` failed attempts (1 and up). `random` is in [-1, 1].
	Time delay(unsigned failures, double random) const;
};

struct JobSpec {
	Change change = Change::online;
	OnlineType type = OnlineType::movable; ///< of an online
	/// Of an online: the kernel shall remember `type`, see Engine.
	bool keep_type = false;
	/// And no more than that: a block that is not online is passed over.
	bool only_keep_type = false;
	std::vector<uint64_t> blocks;			 ///< in the order to try them
	size_t goal = 0;				 ///< how many of them are wanted
	Time deadline = Time::max();			 ///< point in time at which the job ends
	Time attempt_deadline = std::chrono::seconds(2); ///< span; doubles with each failure
	Time attempt_deadline_max = std::chrono::seconds(30);
	Backoff backoff;
	unsigned seed = 1; ///< of the jitter
	/// Of an offline: what has to be left to the machine; nothing for no limit.
	std::optional<Limits> limits;
	/// Ends as soon as the goal is out of reach, instead of doing what can be done.
	bool all_or_nothing = false;
	/// Each block gets one attempt.
	bool once = false;
	/// Something can be done between two passes that may help what failed.
	bool assisted = false;
	/// The owner hears of each block before the next is tried: one may be all that may be away.
	bool one_by_one = false;

	/// Puts the blocks `rest`, which had no attempt yet, into a new order after the first
	/// attempt on `failed` did not succeed; `done` are in the wanted state by now. It loses and
	/// repeats none. May be empty: then the order stays.
	using Rearrange = std::function<std::vector<uint64_t>(
		uint64_t failed, const std::vector<uint64_t> &done, std::vector<uint64_t> rest)>;
	Rearrange rearrange;

	/// Asked when another attempt on a block that failed is due: whether it can be seen that it
	/// would fail again, and after which span to ask anew; nothing where it may go. After
	/// `hindered_longest` it is tried all the same. May be empty.
	using Hindered = std::function<std::optional<Time>(uint64_t block)>;
	Hindered hindered;
};

/// What can be seen may be seen wrongly.
constexpr Time hindered_longest = std::chrono::seconds(10);

/// One request on a set of blocks: which block to try next, when, and when it is over. A pure
/// machine: the caller asks next(), does what it says, and reports by result().
class Job
{
public:
	enum class Standing { pending, done, gone, hopeless };

	struct BlockRecord {
		uint64_t block = 0;
		Standing standing = Standing::pending;
		unsigned failures = 0;
		unsigned soon = 0; ///< failures that were followed by a short pause
		unsigned busy = 0; ///< failures that found an unmovable page
		/// Of the last failed attempt that had its time, and why it failed; ETIMEDOUT where
		/// none had.
		int error = 0;
		bool killed = false;
		std::string stage;
		unsigned pass = 0; ///< in which it failed last
		Time due{};	   ///< not before this
		Time failed_at{};  ///< the end of the last failed attempt
	};

	struct Attempt {
		uint64_t block;
		Time deadline; ///< span after which the attempt is to be killed
		Time longest;  ///< the same where it gets on, see Headway; not less
	};
	struct Wait {
		Time until; ///< ask again then
	};
	/// Every block that is left has failed since the last time: do what may help. Only where
	/// the job is `assisted`, and not all the time.
	struct Help {
	};
	struct Finished {
	};
	using Step = std::variant<Attempt, Wait, Help, Finished>;

	explicit Job(JobSpec spec);

	/// Asked when an attempt on a block is due: why it may not be made now, nothing where it
	/// may.
	using Guard = std::function<std::optional<Hold>(uint64_t block)>;

	/// The next step. Of an Attempt the result must be reported before the next call. While
	/// `guard` has a reason against it, the answer is to wait.
	Step next(Time now, const Guard &guard = {});
	void result(uint64_t block, const Outcome &outcome, Time now);

	/// Behind an Attempt: the blocks, at most so many, that next() would name one after
	/// another as long as each gets into the wanted state. Their attempts may be made in this
	/// order without asking for each, up to the first that fails; then each result is reported
	/// in that order. Only where there is no guard.
	std::vector<uint64_t> following(size_t most) const;

	/// Ends the job: next() answers Finished from now on.
	void cancel() { cancelled_ = true; }

	const JobSpec &spec() const { return spec_; }
	const std::vector<BlockRecord> &records() const { return records_; }
	size_t done() const { return done_; } ///< blocks in the wanted state
	/// Blocks wanted that are still to come: 0 when the goal is reached.
	size_t missing() const;
	bool cancelled() const { return cancelled_; }
	/// Why it waits, or waited when it ended.
	const std::optional<Hold> &held() const { return held_; }
	/// True when the total deadline ended it.
	bool timed_out() const { return timed_out_; }
	unsigned failed_attempts() const { return failed_attempts_; }

private:
	Time attempt_deadline(const BlockRecord &record) const;
	/// The block whose turn it is, not before its `due`; none is left where nullptr.
	BlockRecord *upcoming();
	/// Puts off what is due where it can be seen that it would fail.
	bool put_off(BlockRecord &record, Time now) const;
	bool out_of_reach() const;
	bool pass_is_over() const;
	void rearrange(uint64_t failed);

	JobSpec spec_;
	std::vector<BlockRecord> records_;
	size_t untried_ = 0; ///< records from here on had no attempt yet
	size_t done_ = 0;
	size_t gone_ = 0;
	size_t hopeless_ = 0;
	unsigned failed_attempts_ = 0;
	Time pause_until_{};
	unsigned pass_ = 1;
	Time no_help_until_{};
	std::optional<Hold> held_;
	bool cancelled_ = false;
	bool timed_out_ = false;
	std::minstd_rand random_;
};

} // namespace memhp
