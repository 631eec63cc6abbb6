// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>
#include <deque>
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "core/retry.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;
using Standing = Job::Standing;

/// How the fake kernel answers one write.
struct Answer {
	int error = 0;
	bool hangs = false; ///< until it is killed at the attempt's deadline
	bool preempted = false;
	bool by_another_hand = false; ///< fails, but the block is in the wanted state after it
	bool kernel_zone = false;
	Time took = Time(1);
};

Answer fails(int error)
{
	Answer answer;
	answer.error = error;
	return answer;
}

Answer hangs()
{
	Answer answer;
	answer.hangs = true;
	return answer;
}

/// A job on a fake kernel with a fake clock: answers each block's writes from its list, then with
/// success.
class Machine
{
public:
	explicit Machine(JobSpec spec) : job(std::move(spec)) {}

	/// One step; false when the job has finished.
	bool step()
	{
		const auto next = job.next(now);
		if (const auto *wait = std::get_if<Job::Wait>(&next)) {
			EXPECT_GT(wait->until, now);
			waits.push_back(wait->until - now);
			now = wait->until;
			return true;
		}
		const auto *attempt = std::get_if<Job::Attempt>(&next);
		if (!attempt)
			return false;
		order.push_back(attempt->block);
		deadlines.push_back(attempt->deadline);
		auto &script = answers[attempt->block];
		Answer answer;
		if (!script.empty()) {
			answer = script.front();
			script.pop_front();
		}
		Outcome outcome;
		outcome.error = answer.hangs || answer.preempted ? EINTR : answer.error;
		outcome.killed = answer.hangs;
		outcome.preempted = answer.preempted;
		outcome.took = answer.hangs ? attempt->deadline : answer.took;
		outcome.kernel_zone = answer.kernel_zone;
		outcome.reached = outcome.error == 0 || answer.by_another_hand;
		now += outcome.took;
		job.result(attempt->block, outcome, now);
		return true;
	}

	void run(size_t limit = 1000)
	{
		while (limit-- > 0)
			if (!step())
				return;
		FAIL() << "the job does not end";
	}

	const Job::BlockRecord &record(uint64_t block) const
	{
		for (const auto &record : job.records())
			if (record.block == block)
				return record;
		throw std::out_of_range("no such block");
	}

	Job job;
	std::map<uint64_t, std::deque<Answer>> answers;
	Time now = std::chrono::hours(1);
	Numbers order;
	std::vector<Time> deadlines;
	std::vector<Time> waits;
};

JobSpec offline_of(Numbers blocks)
{
	JobSpec spec;
	spec.change = Change::offline;
	spec.goal = blocks.size();
	spec.blocks = std::move(blocks);
	spec.backoff.jitter = 0;
	return spec;
}

JobSpec online_of(Numbers blocks)
{
	auto spec = offline_of(std::move(blocks));
	spec.change = Change::online;
	return spec;
}

TEST(Job, TriesTheBlocksInTheirOrder)
{
	Machine machine(offline_of({5, 3, 4}));
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{5, 3, 4}));
	EXPECT_EQ(machine.job.done(), 3u);
	EXPECT_EQ(machine.job.missing(), 0u);
	EXPECT_TRUE(machine.waits.empty());
}

TEST(Job, StopsAtItsGoal)
{
	auto spec = offline_of({5, 3, 4});
	spec.goal = 2;
	Machine machine(spec);
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{5, 3}));
	EXPECT_EQ(machine.record(4).standing, Standing::pending);
}

TEST(Job, AReserveStandsInForABlockThatFails)
{
	auto spec = offline_of({5, 3, 4});
	spec.goal = 2;
	Machine machine(spec);
	machine.answers[5] = {fails(EINVAL)};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{5, 3, 4}));
	EXPECT_EQ(machine.job.done(), 2u);
	EXPECT_EQ(machine.record(5).standing, Standing::hopeless);
	EXPECT_EQ(machine.record(5).error, EINVAL);
}

TEST(Job, WithoutBlocksOrGoalIsOverAtOnce)
{
	Machine empty(offline_of({}));
	EXPECT_FALSE(empty.step());
	auto spec = offline_of({1});
	spec.goal = 0;
	Machine idle(spec);
	EXPECT_FALSE(idle.step());
	spec.goal = 99;
	Machine greedy(spec);
	greedy.run();
	EXPECT_EQ(greedy.job.missing(), 0u) << "no more is wanted than there is";
}

TEST(Job, TriesAllOthersBeforeItTriesAgain)
{
	Machine machine(offline_of({1, 2, 3}));
	machine.answers[1] = {fails(EBUSY), fails(EBUSY)};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 2, 3, 1, 1}));
	EXPECT_EQ(machine.job.failed_attempts(), 2u);
	EXPECT_EQ(machine.record(1).standing, Standing::done);
	EXPECT_EQ(machine.record(1).error, 0) << "of a block that came through in the end";
}

TEST(Job, DelayOfABlockDoublesWithEachFailure)
{
	auto spec = online_of({1});
	spec.backoff.max = Time(500);
	Machine machine(spec);
	machine.answers[1] = {fails(EBUSY), fails(ENOMEM), fails(EIO), fails(EBUSY)};
	machine.run();
	EXPECT_EQ(machine.waits, (std::vector<Time>{Time(100), Time(200), Time(400), Time(500)}));
}

TEST(Job, TriesAgainWhatIsDueFirst)
{
	Machine machine(online_of({1, 2, 3}));
	machine.answers[1] = {fails(EBUSY)};
	machine.answers[2] = {fails(EAGAIN)};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 2, 3, 2, 1}));
}

TEST(Job, JitterKeepsBlocksOutOfStep)
{
	auto spec = online_of({1, 2});
	spec.backoff.jitter = 0.2;
	Machine machine(spec);
	machine.answers[1] = {fails(EBUSY)};
	machine.answers[2] = {fails(EBUSY)};
	machine.run();
	ASSERT_EQ(machine.order.size(), 4u);
	const auto first = machine.record(1).due - machine.record(2).due;
	EXPECT_NE(first.count(), -1) << "both were delayed by exactly the same";
	for (const auto block : {1, 2}) {
		const auto due = machine.record(static_cast<uint64_t>(block)).due -
				 Time(std::chrono::hours(1)) - Time(block);
		EXPECT_GE(due, Time(80));
		EXPECT_LE(due, Time(120));
	}
}

TEST(Job, PausesAfterAFailedOfflineAsLongAsItTook)
{
	Machine machine(offline_of({1, 2}));
	auto slow = fails(EBUSY);
	slow.took = Time(700);
	machine.answers[1] = {slow};
	machine.run();
	ASSERT_FALSE(machine.waits.empty());
	EXPECT_EQ(machine.waits.front(), Time(700)) << "the machine had no per-CPU lists so long";
	EXPECT_EQ(machine.order, (Numbers{1, 2, 1}));
}

TEST(Job, NeitherSuccessNorAFailedOnlinePauses)
{
	Machine good(offline_of({1, 2}));
	good.answers[1] = {Answer{.took = Time(700)}};
	good.run();
	EXPECT_TRUE(good.waits.empty());

	Machine online(online_of({1, 2}));
	auto slow = fails(EBUSY);
	slow.took = Time(700);
	online.answers[1] = {slow};
	ASSERT_TRUE(online.step());
	ASSERT_TRUE(online.step());
	EXPECT_EQ(online.order, (Numbers{1, 2}));
}

TEST(Job, AHungAttemptIsKilledAndItsDeadlineDoubles)
{
	auto spec = offline_of({1});
	spec.attempt_deadline = Time(2000);
	spec.attempt_deadline_max = Time(10'000);
	Machine machine(spec);
	machine.answers[1] = {hangs(), hangs(), hangs(), hangs()};
	machine.run();
	EXPECT_EQ(machine.deadlines, (std::vector<Time>{Time(2000), Time(4000), Time(8000),
							Time(10'000), Time(10'000)}));
	EXPECT_EQ(machine.job.done(), 1u);
}

TEST(Job, AFirstDeadlineAboveTheMaximumIsKept)
{
	auto spec = offline_of({1});
	spec.attempt_deadline = Time(60'000);
	Machine machine(spec);
	machine.answers[1] = {hangs()};
	machine.run();
	EXPECT_EQ(machine.deadlines, (std::vector<Time>{Time(60'000), Time(60'000)}));
}

TEST(Job, EndsAtItsDeadline)
{
	auto spec = offline_of({1, 2});
	spec.deadline = std::chrono::hours(1) + std::chrono::seconds(5);
	spec.attempt_deadline = Time(2000);
	Machine machine(spec);
	machine.answers[1] = std::deque<Answer>(100, hangs());
	machine.answers[2] = std::deque<Answer>(100, hangs());
	machine.run();
	EXPECT_TRUE(machine.job.timed_out());
	EXPECT_EQ(machine.now, spec.deadline) << "neither an attempt nor a wait goes beyond it";
	EXPECT_EQ(machine.job.missing(), 2u);
	EXPECT_TRUE(machine.record(1).killed);
}

TEST(Job, APauseEndsWithTheJob)
{
	auto spec = offline_of({1, 2});
	spec.deadline = std::chrono::hours(1) + Time(500);
	Machine machine(spec);
	auto slow = fails(EBUSY);
	slow.took = Time(400);
	machine.answers[1] = {slow};
	machine.run();
	EXPECT_EQ(machine.waits, std::vector<Time>{Time(100)});
	EXPECT_TRUE(machine.job.timed_out());
}

TEST(Job, AGoalReachedInTimeIsNoTimeout)
{
	auto spec = offline_of({1});
	spec.deadline = std::chrono::hours(1) + Time(1);
	Machine machine(spec);
	machine.run();
	EXPECT_FALSE(machine.job.timed_out());
	EXPECT_EQ(machine.job.done(), 1u);
}

TEST(Job, AVanishedBlockIsDoneForAnOfflineOnly)
{
	Machine offline(offline_of({1, 2}));
	offline.answers[1] = {fails(ENOENT)};
	offline.run();
	EXPECT_EQ(offline.record(1).standing, Standing::gone);
	EXPECT_EQ(offline.job.missing(), 0u);
	EXPECT_EQ(offline.job.failed_attempts(), 0u);

	Machine online(online_of({1, 2}));
	online.answers[1] = {fails(ENODEV)};
	online.run();
	EXPECT_EQ(online.job.missing(), 1u);
	EXPECT_EQ(online.order, (Numbers{1, 2})) << "no second attempt on what is not there";
}

TEST(Job, AShortFailureIsRetriedAfterAMomentThreeTimes)
{
	for (const auto error : {EAGAIN, EINTR}) {
		Machine machine(online_of({1}));
		machine.answers[1] = std::deque<Answer>(4, fails(error));
		machine.run();
		EXPECT_EQ(machine.waits,
			  (std::vector<Time>{Time(10), Time(10), Time(10), Time(800)}));
	}
}

TEST(Job, AnUnmovablePageIsGivenASecondChance)
{
	Answer unmovable = fails(EBUSY);
	unmovable.kernel_zone = true;
	Machine machine(offline_of({1}));
	machine.answers[1] = {unmovable, unmovable, Answer{}};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 1}));
	EXPECT_EQ(machine.record(1).standing, Standing::hopeless);
}

/// A short failure or a kill before it says nothing of an unmovable page.
TEST(Job, OnlyABusyBlockUsesUpTheSecondChance)
{
	Answer unmovable = fails(EBUSY);
	unmovable.kernel_zone = true;
	for (const auto &before : {fails(EAGAIN), fails(EINTR), hangs()}) {
		Machine machine(offline_of({1}));
		machine.answers[1] = {before, unmovable, Answer{}};
		machine.run();
		EXPECT_EQ(machine.order, (Numbers{1, 1, 1}));
		EXPECT_EQ(machine.record(1).standing, Standing::done);
	}
}

TEST(Job, DoneByAnotherHandIsDone)
{
	Answer other = fails(EINVAL);
	other.by_another_hand = true;
	Machine machine(offline_of({1}));
	machine.answers[1] = {other};
	machine.run();
	EXPECT_EQ(machine.job.done(), 1u);
	EXPECT_EQ(machine.job.failed_attempts(), 0u);
}

TEST(Job, APreemptedAttemptIsNoFailureAndComesBack)
{
	auto spec = offline_of({1, 2});
	spec.attempt_deadline = Time(2000);
	Machine machine(spec);
	Answer preempted;
	preempted.preempted = true;
	preempted.took = Time(500);
	machine.answers[1] = {preempted};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 2, 1}));
	EXPECT_EQ(machine.deadlines.back(), Time(2000)) << "its deadline does not double";
	EXPECT_TRUE(machine.waits.empty());
	EXPECT_EQ(machine.job.failed_attempts(), 0u);
}

TEST(Job, CancelEndsItAtTheNextStep)
{
	Machine machine(offline_of({1, 2, 3}));
	machine.answers[1] = {fails(EBUSY)};
	ASSERT_TRUE(machine.step());
	machine.job.cancel();
	EXPECT_FALSE(machine.step());
	EXPECT_TRUE(machine.job.cancelled());
	EXPECT_FALSE(machine.job.timed_out());
}

TEST(Job, IgnoresAResultOfABlockThatItDoesNotWaitFor)
{
	Machine machine(offline_of({1}));
	machine.run();
	Outcome outcome;
	outcome.error = EBUSY;
	machine.job.result(1, outcome, machine.now);
	machine.job.result(99, outcome, machine.now);
	EXPECT_EQ(machine.job.done(), 1u);
	EXPECT_EQ(machine.job.failed_attempts(), 0u);
}

/// Whatever errno the n-th write fails with, the job ends, and every block's fate is on record.
TEST(Job, EndsWithEveryErrnoAtEveryWrite)
{
	for (const auto change : {Change::online, Change::offline}) {
		for (int error = 1; error < 134; ++error) {
			for (uint64_t nth = 1; nth <= 4; ++nth) {
				auto spec = offline_of({1, 2, 3, 4});
				spec.change = change;
				Machine machine(spec);
				machine.answers[nth] = {fails(error)};
				machine.run();
				const auto standing = machine.record(nth).standing;
				EXPECT_NE(standing, Standing::pending) << "errno " << error;
				Outcome outcome;
				outcome.error = error;
				const auto next = classify(change, outcome, 0);
				const bool retried = next == Next::later || next == Next::soon;
				EXPECT_EQ(machine.order.size(), retried ? 5u : 4u)
					<< "errno " << error;
				EXPECT_EQ(machine.job.done(), retried ? 4u : 3u)
					<< "errno " << error;
			}
		}
	}
}

} // namespace
} // namespace memhp
