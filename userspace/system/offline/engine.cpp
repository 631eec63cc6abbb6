// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/engine.h"

#include <algorithm>
#include <utility>

#include "system/base/log.h"

namespace memhp
{
namespace
{

/// How long an addition of memory may hold the hotplug lock before the barrier says so. Half a
/// TiB in blocks of 128 MiB takes 12 s to add under emulation.
constexpr Time barrier_deadline = std::chrono::minutes(1);

bool in_kernel_zone(const Sysfs &sysfs, uint64_t block)
{
	const auto zone = sysfs.zone(block);
	return zone && is_kernel_zone(*zone);
}

} // namespace

Engine::Engine(Loop &loop, const Sysfs &sysfs, Writer &writer, OwnGroup own_group)
	: loop_(loop), sysfs_(sysfs), writer_(writer), own_group_(own_group)
{
}

void Engine::wake()
{
	if (!wake_source_)
		wake_source_ = loop_.defer([this] {
			wake_source_.reset();
			step();
		});
}

Engine::JobId Engine::submit(JobSpec spec, Callbacks callbacks)
{
	const auto id = next_id_++;
	const bool urgent = spec.change == Change::online;
	jobs_.push_back(
		std::make_shared<Entry>(Entry{id, Job(std::move(spec)), std::move(callbacks), {}}));
	if (urgent)
		preempt_offline();
	wake();
	return id;
}

void Engine::preempt_offline()
{
	if (running_offline_ && writer_.busy()) {
		preempting_ = true;
		writer_.interrupt();
	}
}

void Engine::write(std::string path, std::string value, Time deadline, Writer::Done done,
		   std::function<bool()> allowed)
{
	orders_.push_back(
		{std::move(path), std::move(value), deadline, std::move(done), std::move(allowed)});
	preempt_offline();
	wake();
}

void Engine::later(Time span, std::function<void()> call)
{
	const auto at = later_.emplace(later_.end());
	*at = loop_.timer(Loop::now() + span, [this, at, call = std::move(call)] {
		later_.erase(at); // this runs on from the loop's own reference
		call();
	});
}

void Engine::cancel(JobId id)
{
	for (const auto &entry : jobs_) {
		if (entry->id != id)
			continue;
		entry->job.cancel();
		if (running_offline_ && running_job_ == id)
			writer_.interrupt();
	}
	wake();
}

void Engine::cancel_offlines()
{
	for (const auto &entry : jobs_)
		if (entry->job.spec().change == Change::offline)
			entry->job.cancel();
	if (running_offline_)
		writer_.interrupt();
	wake();
}

size_t Engine::jobs(Change change) const
{
	return static_cast<size_t>(
		std::count_if(jobs_.begin(), jobs_.end(), [change](const auto &entry) {
			return entry->job.spec().change == change;
		}));
}

void Engine::barrier(std::function<void(bool)> done)
{
	barriers_.push_back(std::move(done));
	wake();
}

void Engine::step()
{
	if (writer_.busy())
		return;
	timer_.reset();

	const auto now = Loop::now();
	auto wake_at = Time::max();
	// In turn: memory that never stops coming must not keep offline what is there.
	if (std::exchange(barrier_was_last_, false) && try_start(Change::online, now, wake_at))
		return;
	barrier_was_last_ = step_barrier();
	if (barrier_was_last_ || step_order())
		return;
	if (try_start(Change::online, now, wake_at) || try_start(Change::offline, now, wake_at))
		return;
	if (wake_at != Time::max())
		timer_ = loop_.timer(wake_at, [this] { step(); });
}

bool Engine::find_barrier_block()
{
	if (barrier_block_ && in_kernel_zone(sysfs_, *barrier_block_))
		return true;
	barrier_block_.reset();
	const auto numbers = sysfs_.numbers();
	for (const auto number : numbers ? *numbers : std::vector<uint64_t>()) {
		if (!in_kernel_zone(sysfs_, number))
			continue;
		barrier_block_ = number;
		return true;
	}
	return false;
}

bool Engine::step_barrier()
{
	if (barriers_.empty())
		return false;
	if (!find_barrier_block()) {
		// All memory movable or none readable: nothing to wait on, nothing lost but order.
		auto done = std::move(barriers_.front());
		barriers_.pop_front();
		done(true);
		wake();
		return true;
	}
	running_offline_ = false;
	writer_.write(Sysfs::state_path(*barrier_block_), "online", barrier_deadline,
		      [this](const Writer::Outcome &outcome) {
			      auto done = std::move(barriers_.front());
			      barriers_.pop_front();
			      done(!outcome.killed);
			      wake();
		      });
	return true;
}

bool Engine::step_order()
{
	if (orders_.empty())
		return false;
	const auto &order = orders_.front();
	running_offline_ = false;
	if (order.allowed && !order.allowed()) {
		const auto done = std::move(orders_.front().done);
		orders_.pop_front();
		done({EBUSY, false, Time{}});
		wake();
		return true;
	}
	writer_.write(order.path, order.value, order.deadline,
		      [this](const Writer::Outcome &outcome) {
			      const auto done = std::move(orders_.front().done);
			      orders_.pop_front();
			      done(outcome);
			      wake();
		      });
	return true;
}

std::optional<Hold> Engine::forbidden(const Limits &limits, uint64_t block)
{
	// What is offline or gone by now costs the machine nothing.
	const auto state = sysfs_.state(block);
	if (state ? *state == BlockState::offline : gone(state.error()))
		return std::nullopt;
	const auto load = read_load(sysfs_.root_fd(), own_group_);
	if (load && !load->pressure && limits.max_pressure < 100 &&
	    !std::exchange(said_no_pressure_, true))
		log::info("this kernel does not measure memory pressure (no /proc/pressure/memory; "
			  "the boot parameter psi=1 may help): max_pressure is not kept");
	if (load)
		room_ = room(limits, *load, sysfs_.block_size());
	return forbids(limits, load, sysfs_.block_size());
}

Job::Step Engine::next_step(Entry &entry, Time now)
{
	auto &job = entry.job;
	const auto &limits = job.spec().limits;
	const auto why = [&job] {
		return job.held() ? std::optional(job.held()->why) : std::nullopt;
	};
	const auto before = why();
	auto step =
		limits ? job.next(now, [&](uint64_t block) { return forbidden(*limits, block); })
		       : job.next(now);
	// The text has figures in it that change all the time: the kind of reason counts.
	if (why() != before && entry.callbacks.held && !std::holds_alternative<Job::Finished>(step))
		entry.callbacks.held(job);
	return step;
}

bool Engine::try_start(Change change, Time now, Time &wake_at)
{
	for (auto at = jobs_.begin(); at != jobs_.end();) {
		const auto entry = *at;
		if (entry->job.spec().change != change) {
			++at;
			continue;
		}
		for (;;) {
			if (help(entry))
				return true;
			const auto step = next_step(*entry, now);
			if (const auto *todo = std::get_if<Job::Attempt>(&step)) {
				if (attempt(entry, *todo))
					return true;
				continue;
			}
			if (std::holds_alternative<Job::Help>(step)) {
				if (entry->callbacks.help)
					for (auto &order : entry->callbacks.help(entry->job))
						entry->help.push_back(std::move(order));
				continue;
			}
			if (const auto *wait = std::get_if<Job::Wait>(&step)) {
				wake_at = std::min(wake_at, wait->until);
				++at;
			} else {
				at = jobs_.erase(at);
				entry->callbacks.finished(entry->job);
			}
			break;
		}
	}
	return false;
}

bool Engine::help(const std::shared_ptr<Entry> &entry)
{
	if (entry->job.cancelled())
		entry->help.clear();
	if (entry->help.empty())
		return false;
	auto order = std::move(entry->help.front());
	entry->help.pop_front();
	running_job_ = entry->id;
	running_offline_ = true;
	writer_.write(order.path, order.value, order.deadline,
		      [this, entry, done = std::move(order.done)](const Writer::Outcome &outcome) {
			      running_offline_ = false;
			      preempting_ = false;
			      done(outcome);
			      wake();
		      });
	return true;
}

void Engine::conclude(const std::shared_ptr<Entry> &entry, Attempted attempted)
{
	const auto &outcome = attempted.outcome;
	// A burst has hundreds of them: no words for a line that nobody wants.
	if (log::wanted(log::Level::debug))
		log::debug("block {}: {} {}: errno {}{}{}{} after {}", attempted.block,
			   to_string(entry->job.spec().change), outcome.reached ? "done" : "failed",
			   outcome.error, outcome.killed ? ", killed at its deadline" : "",
			   outcome.preempted ? ", interrupted by an online" : "",
			   outcome.stage.empty() ? "" : ", stage " + outcome.stage,
			   format_duration(outcome.took));
	entry->job.result(attempted.block, outcome, Loop::now());
	entry->callbacks.attempted(entry->job, attempted);
}

} // namespace memhp
