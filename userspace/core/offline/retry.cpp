// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/retry.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace memhp
{
namespace
{

constexpr Time soon_delay = std::chrono::milliseconds(10);
constexpr unsigned soon_limit = 3;
/// How often it is looked whether what forbids an attempt is over.
constexpr Time guard_interval = std::chrono::seconds(1);
/// Dropping caches has its price: not more often than this.
constexpr Time help_interval = std::chrono::seconds(10);

} // namespace

std::string_view to_string(Change change)
{
	return change == Change::online ? "online" : "offline";
}

bool found_unmovable(const Outcome &outcome)
{
	// Without the module no stage is known, and a veto looks the same.
	return outcome.error == EBUSY && !outcome.killed &&
	       (outcome.stage.empty() || outcome.stage == "isolate");
}

Next classify(Change change, const Outcome &outcome, unsigned busy)
{
	if (outcome.reached)
		return Next::done;
	if (outcome.killed)
		return Next::later;

	switch (outcome.error) {
	case ENOENT:
	case ENODEV:
		return Next::gone;
	case EAGAIN:
	case EINTR:
		return Next::soon;
	case EBUSY:
		// In a kernel zone an unmovable page is there to stay: once may be chance.
		if (change == Change::offline && outcome.kernel_zone && found_unmovable(outcome) &&
		    busy >= 1)
			return Next::hopeless;
		return Next::later;
	case EINVAL: // a hole, several zones
	case EPERM:
	case EACCES:
	case EROFS:
	case EHWPOISON:
		return Next::hopeless;
	default:
		// 0 without the wanted state: somebody else changed it back at once.
		return Next::later;
	}
}

Time Backoff::delay(unsigned failures, double random) const
{
	const auto steps = static_cast<double>(failures > 0 ? failures - 1 : 0);
	const auto longest = static_cast<double>(max.count());
	const auto base =
		std::min(static_cast<double>(initial.count()) * std::pow(factor, steps), longest);
	return Time(std::llround(base * (1.0 + jitter * random)));
}

Job::Job(JobSpec spec) : spec_(std::move(spec)), random_(spec_.seed)
{
	records_.reserve(spec_.blocks.size());
	for (const auto block : spec_.blocks) {
		BlockRecord record;
		record.block = block;
		records_.push_back(std::move(record));
	}
	spec_.goal = std::min(spec_.goal, records_.size());
}

size_t Job::missing() const
{
	// A block that is gone needs no offline any more, but cannot be onlined.
	const auto reached = done_ + (spec_.change == Change::offline ? gone_ : 0);
	return spec_.goal > reached ? spec_.goal - reached : 0;
}

Time Job::attempt_deadline(const BlockRecord &record) const
{
	Time span = spec_.attempt_deadline;
	for (unsigned i = 0; i < record.failures && span < spec_.attempt_deadline_max; ++i)
		span *= 2;
	return std::min(span, std::max(spec_.attempt_deadline, spec_.attempt_deadline_max));
}

void Job::rearrange(uint64_t failed)
{
	std::vector<uint64_t> done;
	for (const auto &record : records_)
		if (record.standing == Standing::done)
			done.push_back(record.block);
	const auto first = records_.begin() + static_cast<std::ptrdiff_t>(untried_);
	std::vector<uint64_t> rest;
	for (auto record = first; record != records_.end(); ++record)
		rest.push_back(record->block);
	// What had no attempt has no history: only the numbers move.
	const auto order = spec_.rearrange(failed, done, rest);
	auto record = first;
	for (size_t i = 0; i < std::min(order.size(), rest.size()); ++i)
		(record++)->block = order[i];
}

bool Job::out_of_reach() const
{
	const auto lost = hopeless_ + (spec_.change == Change::online ? gone_ : 0);
	return records_.size() - lost < spec_.goal;
}

bool Job::pass_is_over() const
{
	bool left = false;
	for (const auto &record : records_) {
		if (record.standing != Standing::pending)
			continue;
		if (record.pass != pass_)
			return false;
		left = true;
	}
	return left;
}

Job::BlockRecord *Job::upcoming()
{
	while (untried_ < records_.size() && records_[untried_].standing != Standing::pending)
		++untried_;
	if (untried_ < records_.size())
		return &records_[untried_];
	BlockRecord *first = nullptr;
	for (auto &record : records_)
		if (record.standing == Standing::pending && (!first || record.due < first->due))
			first = &record;
	return first;
}

bool Job::put_off(BlockRecord &record, Time now) const
{
	const auto latest = record.failed_at + hindered_longest;
	if (!spec_.hindered || record.failures == 0 || now >= latest)
		return false;
	const auto span = spec_.hindered(record.block);
	if (!span || *span <= Time())
		return false;
	record.due = std::min(now + *span, latest);
	return true;
}

Job::Step Job::next(Time now, const Guard &guard)
{
	if (cancelled_ || missing() == 0 || (spec_.all_or_nothing && out_of_reach()))
		return Finished{};
	if (now >= spec_.deadline) {
		timed_out_ = true;
		return Finished{};
	}
	if (now < pause_until_)
		return Wait{std::min(pause_until_, spec_.deadline)};

	auto *record = upcoming();
	while (record && now >= record->due && put_off(*record, now))
		record = upcoming();
	if (!record)
		return Finished{};
	if (spec_.assisted && now >= no_help_until_ && pass_is_over()) {
		++pass_;
		no_help_until_ = now + help_interval;
		return Help{};
	}
	if (now < record->due)
		return Wait{std::min(record->due, spec_.deadline)};
	held_ = guard ? guard(record->block) : std::nullopt;
	if (held_)
		return Wait{std::min(now + guard_interval, spec_.deadline)};
	if (untried_ < records_.size())
		++untried_;
	const auto left = spec_.deadline - now;
	const auto longest = std::max(spec_.attempt_deadline, spec_.attempt_deadline_max);
	return Attempt{record->block, std::min(attempt_deadline(*record), left),
		       std::min(longest, left)};
}

std::vector<uint64_t> Job::following(size_t most) const
{
	std::vector<uint64_t> blocks;
	const auto wanted = std::min(most, missing() > 0 ? missing() - 1 : 0);
	for (auto at = untried_; at < records_.size() && blocks.size() < wanted; ++at)
		if (records_[at].standing == Standing::pending)
			blocks.push_back(records_[at].block);
	return blocks;
}

void Job::result(uint64_t block, const Outcome &outcome, Time now)
{
	// One of following() has its turn only now.
	if (untried_ < records_.size() && records_[untried_].block == block)
		++untried_;
	// Usually the one that next() named for the first time last.
	auto found =
		records_.begin() + static_cast<std::ptrdiff_t>(untried_ > 0 ? untried_ - 1 : 0);
	if (found == records_.end() || found->block != block)
		found = std::find_if(records_.begin(), records_.end(),
				     [&](const auto &record) { return record.block == block; });
	if (found == records_.end() || found->standing != Standing::pending)
		return;
	auto &record = *found;

	if (outcome.preempted && !outcome.reached) {
		record.due = now;
		return;
	}
	auto next = classify(spec_.change, outcome, record.busy);
	if (next == Next::soon && record.soon >= soon_limit)
		next = Next::later;
	if (next == Next::done || next == Next::gone) {
		record.standing = next == Next::done ? Standing::done : Standing::gone;
		++(next == Next::done ? done_ : gone_);
		record.error = 0;
		return;
	}

	const bool cut_short = outcome.killed && outcome.took < attempt_deadline(record);
	++failed_attempts_;
	++record.failures;
	record.pass = pass_;
	record.failed_at = now;
	if (record.failures == 1 && spec_.rearrange && untried_ < records_.size())
		rearrange(block);
	record.busy += found_unmovable(outcome);
	// What the request had no more time for tells nothing of the block.
	if (!cut_short || record.failures == 1) {
		record.error = cut_short ? ETIMEDOUT : outcome.error;
		record.killed = outcome.killed;
		record.stage = outcome.stage;
	}
	if (next == Next::hopeless || spec_.once) {
		record.standing = Standing::hopeless;
		++hopeless_;
	} else if (next == Next::soon) {
		++record.soon;
		record.due = now + soon_delay;
	} else {
		std::uniform_real_distribution<double> jitter(-1.0, 1.0);
		record.due = now + spec_.backoff.delay(record.failures, jitter(random_));
	}
	// An attempt holds the hotplug lock and switches the per-CPU page lists off for everybody:
	// leave the machine as much time as was taken from it.
	if (spec_.change == Change::offline)
		pause_until_ = now + outcome.took;
}

} // namespace memhp
