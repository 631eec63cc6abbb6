// SPDX-License-Identifier: GPL-2.0-only
#include "job_fixture.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

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
	EXPECT_EQ(machine.longest, (std::vector<Time>{Time(60'000), Time(60'000)}));
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
	EXPECT_EQ(machine.longest.front(), std::chrono::seconds(5)) << "nor one that gets on";
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

/// A guard that forbids for so long, and counts how often it is asked.
struct Forbidden {
	Time until;
	const Machine &machine;
	int asked = 0;

	Job::Guard guard()
	{
		return [this](uint64_t) -> std::optional<Hold> {
			++asked;
			if (machine.now < until)
				return Hold{Hold::Why::memory, "too little"};
			return std::nullopt;
		};
	}
};

TEST(Job, WaitsWhileItsGuardForbids)
{
	Machine machine(offline_of({1, 2}));
	Forbidden forbidden{machine.now + Time(2500), machine};
	machine.guard = forbidden.guard();
	ASSERT_TRUE(machine.step());
	EXPECT_TRUE(machine.order.empty());
	ASSERT_TRUE(machine.job.held());
	EXPECT_EQ(machine.job.held()->text, "too little");
	machine.run();
	EXPECT_EQ(machine.waits, std::vector<Time>(3, Time(1000)));
	EXPECT_EQ(machine.order, (Numbers{1, 2})) << "the order is not lost over the wait";
	EXPECT_FALSE(machine.job.held());
	EXPECT_EQ(machine.job.failed_attempts(), 0u);
}

TEST(Job, AsksItsGuardBeforeEachAttemptOnly)
{
	Machine machine(offline_of({1, 2}));
	Forbidden forbidden{Time{}, machine};
	machine.guard = forbidden.guard();
	machine.answers[2] = {fails(EBUSY)};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 2, 2}));
	EXPECT_EQ(forbidden.asked, 3);
}

TEST(Job, WaitsNoLongerThanItsDeadlineAndKeepsTheReason)
{
	auto spec = offline_of({1});
	spec.deadline = std::chrono::hours(1) + Time(1500);
	Machine machine(spec);
	Forbidden forbidden{Time::max(), machine};
	machine.guard = forbidden.guard();
	machine.run();
	EXPECT_EQ(machine.waits, (std::vector<Time>{Time(1000), Time(500)}));
	EXPECT_TRUE(machine.job.timed_out());
	ASSERT_TRUE(machine.job.held());
	EXPECT_EQ(machine.job.held()->why, Hold::Why::memory);
}

TEST(Job, WhatIsSeenToBeHeldIsNotTriedAgain)
{
	const auto end = std::chrono::hours(1) + Time(6000);
	const Machine *seen = nullptr;
	auto spec = offline_of({1, 2, 3});
	spec.hindered = [&](uint64_t block) {
		return block != 2 && seen->now < end ? std::optional(Time(100)) : std::nullopt;
	};
	Machine machine(spec);
	seen = &machine;
	machine.answers[1] = {hangs()};
	machine.answers[2] = {fails(EBUSY), fails(EBUSY)};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 2, 3, 2, 2, 1}))
		<< "3 has not failed yet, and 1 would fail again";
	EXPECT_EQ(machine.job.failed_attempts(), 3u);
	EXPECT_GE(machine.now, end);
	EXPECT_LT(machine.now, end + Time(200));
}

TEST(Job, WhatIsSeenToBeHeldIsTriedOnceInAWhile)
{
	auto spec = offline_of({1});
	spec.deadline = std::chrono::hours(1) + std::chrono::seconds(40);
	spec.hindered = [](uint64_t) { return Time(100); };
	Machine machine(spec);
	machine.answers[1] = std::deque<Answer>(9, fails(EBUSY));
	machine.run();
	EXPECT_TRUE(machine.job.timed_out());
	EXPECT_EQ(machine.order.size(), 4u) << "at 0, 10, 20 and 30 s";
}

TEST(Job, AsksForHelpWhenAPassIsOverButNotAllTheTime)
{
	auto spec = offline_of({1, 2, 3});
	spec.assisted = true;
	spec.backoff = {Time(4000), 1, Time(4000), 0};
	Machine machine(spec);
	machine.answers[1] = std::deque<Answer>(4, fails(EBUSY));
	machine.answers[3] = std::deque<Answer>(2, fails(EBUSY));
	machine.run();
	// Passes end at 0 s, 4 s (too early for more help), 8 s and 12 s.
	EXPECT_EQ(machine.order, (Numbers{1, 2, 3, 1, 3, 1, 3, 1, 1}));
	EXPECT_EQ(machine.helped, (std::vector<size_t>{3, 7}))
		<< "after so many attempts, of which the last was that of the pass";
}

TEST(Job, ThatAllGoesNeedsNoHelp)
{
	auto spec = offline_of({1, 2});
	spec.assisted = true;
	Machine machine(spec);
	machine.run();
	EXPECT_TRUE(machine.helped.empty());
	Machine alone(offline_of({1}));
	alone.answers[1] = {fails(EBUSY)};
	alone.run();
	EXPECT_TRUE(alone.helped.empty()) << "none is offered";
}

} // namespace
} // namespace memhp
