// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "core/offline/retry.h"
#include "system/base/loop.h"
#include "system/kernel/load.h"
#include "system/memory/sysfs.h"
#include "system/offline/writer.h"

namespace memhp
{

/// One attempt on a block that has ended.
struct Attempted {
	uint64_t block = 0;
	Outcome outcome;
	Zone zone = Zone::none; ///< where an onlined block is now, or an offlined one was
	bool ours = false;	///< it was this attempt's write that changed the block
};

/// Whether the next block of a job may go offline.
struct Permit {
	std::string refusal; ///< why it has to stay; empty where it may go
	size_t more = 0;     ///< so many blocks behind it may go without being asked about
};

/// Carries out jobs: asks each what to do next, orders the write, reads the block back, tells the
/// job and its owner. One write at a time; onlines go before offlines and interrupt them. The
/// daemon and the command line use this same engine.
///
/// JobSpec::keep_type: state_store() in drivers/base/memory.c notes the type of an online before it
/// finds that the block is online already, and forgets it only at the next online. So a second
/// write to an online block, refused with EINVAL, decides where the kernel puts the block when it
/// takes it offline and online again by itself, as after a failed ejection. From Linux 5.15 on
/// online_policy does the same for all blocks at once.
class Engine
{
public:
	using JobId = uint64_t;

	/// A write to a file that is no block's. `path` and `value` as for Writer::write(),
	/// `deadline` is a span.
	struct Order {
		std::string path;
		std::string value;
		Time deadline;
		Writer::Done done;
		/// Asked when its turn has come: where it says no the order is not written, and
		/// `done` gets EBUSY. May be empty.
		std::function<bool()> allowed = {};
	};

	struct Callbacks {
		std::function<void(const Job &, const Attempted &)> attempted;
		std::function<void(const Job &)> finished; ///< the job is gone after it
		/// The job has begun to wait, goes on waiting for another reason, or has ended its
		/// wait: see Job::held(). May be empty.
		std::function<void(const Job &)> held = {};
		/// A pass is over: writes that may help what failed, see Job::Help. An online ends
		/// the one that runs. Of an assisted job only.
		std::function<std::vector<Order>(const Job &)> help = {};
		/// Asked right before an offline is written. A block that is refused is hopeless
		/// for this job. May be empty.
		std::function<Permit(uint64_t block)> permit = {};
	};

	/// Tells where in the kernel the last failed attempt on a block failed; empty if unknown.
	using StageOf = std::function<std::string(uint64_t block)>;

	/// Told of every write that has ended, whoever asked for it, before its job is.
	using Watch = std::function<void(Change change, const Attempted &attempted)>;

	/// `own_group`: see read_load().
	Engine(Loop &loop, const Sysfs &sysfs, Writer &writer, OwnGroup own_group = OwnGroup::no);

	void set_watch(Watch watch) { watch_ = std::move(watch); }
	void set_stage_of(StageOf stage_of) { stage_of_ = std::move(stage_of); }

	/// Callbacks come from the loop, never from inside submit() or cancel().
	JobId submit(JobSpec spec, Callbacks callbacks);
	void cancel(JobId id);
	/// Cancels every offline and interrupts the one that runs. Onlines go on.
	void cancel_offlines();

	/// Calls `done` when every addition of memory that was running has ended: takes the
	/// hotplug lock once, by writing "online" to an online block of a kernel zone, which the
	/// kernel refuses with EINVAL. `done` gets false when the lock was not to be had in time.
	void barrier(std::function<void(bool)> done);

	/// Jobs that have not finished.
	size_t jobs(Change change) const;

	/// One write to a file that is no block's (the `state` of a dax device), in turn with the
	/// others: before any job, and an offline that runs makes room.
	void write(std::string path, std::string value, Time deadline, Writer::Done done,
		   std::function<bool()> allowed = {});

	/// Calls once, after so long, unless the engine is gone by then.
	void later(Time span, std::function<void()> call);

	bool idle() const
	{
		return jobs_.empty() && barriers_.empty() && orders_.empty() && !writer_.busy();
	}
	/// The block that is being written, for status.
	std::optional<uint64_t> running() const { return running_ ? running_ : writer_.changing(); }

private:
	struct Entry {
		JobId id;
		Job job;
		Callbacks callbacks;
		std::deque<Order> help;
	};

	void wake();
	void preempt_offline();
	void step();
	/// Has barrier_block_ name a block that the kernel refuses to online, but not before it has
	/// taken the hotplug lock; false where there is none.
	bool find_barrier_block();
	bool step_barrier();
	bool step_order();
	bool try_start(Change change, Time now, Time &wake_at);
	Job::Step next_step(Entry &entry, Time now);
	std::optional<Hold> forbidden(const Limits &limits, uint64_t block);
	/// Starts the write of an attempt, or answers it at once; true when a write is running.
	bool attempt(const std::shared_ptr<Entry> &entry, const Job::Attempt &attempt);
	/// Has the blocks that a job names from here on written as a list; false where the first
	/// is refused.
	bool change(const std::shared_ptr<Entry> &entry, const Job::Attempt &attempt);
	/// One of them has been tried, or was just being tried when the process died (`order`).
	void changed(const std::shared_ptr<Entry> &entry, const Writer::Changed &result,
		     const Writer::Outcome &order);
	Writer::Extension while_it_gets_on(const Job::Attempt &attempt) const;
	/// The second write of keep_type, then conclude().
	void keep_type(const std::shared_ptr<Entry> &entry, const Attempted &attempted);
	/// Starts the next write that may help the job; false where there is none.
	bool help(const std::shared_ptr<Entry> &entry);
	void conclude(const std::shared_ptr<Entry> &entry, Attempted attempted);

	Loop &loop_;
	const Sysfs &sysfs_;
	Writer &writer_;
	OwnGroup own_group_;
	StageOf stage_of_;
	Watch watch_;
	std::list<std::shared_ptr<Entry>> jobs_;
	std::deque<std::function<void(bool)>> barriers_;
	std::optional<uint64_t> barrier_block_; ///< of the last barrier; there are many in a burst
	std::deque<Order> orders_;
	JobId next_id_ = 1;
	std::optional<uint64_t> running_; ///< block being written, but for a list of them
	JobId running_job_ = 0;
	bool running_offline_ = false;
	bool preempting_ = false;
	bool barrier_was_last_ = false;
	bool said_no_pressure_ = false;
	uint64_t room_ = 1; ///< blocks that the guard lets go without being asked again
	Loop::Source wake_source_;
	Loop::Source timer_;
	std::list<Loop::Source> later_;
};

} // namespace memhp
