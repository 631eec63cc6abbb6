// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "job_fixture.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;
using Standing = Job::Standing;

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

TEST(Job, AnAttemptThatTheRequestHadNoTimeForSaysNothingOfItsBlock)
{
	const struct {
		Time deadline; ///< of the request, behind a first attempt of 1 ms and a pause
		std::deque<Answer> answers;
		int error;
		bool killed;
	} cases[] = {
		{Time(150), {fails(EBUSY), hangs()}, EBUSY, false},
		{Time(1000), {hangs()}, ETIMEDOUT, true},
		{Time(5000), {hangs(), hangs()}, EINTR, true},
		{Time(150), {fails(EBUSY), fails(ENOMEM)}, ENOMEM, false},
	};
	for (const auto &[deadline, answers, error, killed] : cases) {
		auto spec = offline_of({1});
		spec.backoff.jitter = 0;
		Machine machine(spec);
		spec.deadline = machine.now + deadline;
		machine.job = Job(spec);
		machine.answers[1] = answers;
		machine.run();
		EXPECT_EQ(machine.record(1).error, error) << deadline.count();
		EXPECT_EQ(machine.record(1).killed, killed) << deadline.count();
		EXPECT_GE(machine.record(1).failures, answers.size()) << deadline.count();
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

TEST(Job, AllOrNothingEndsWhenTheGoalIsOutOfReach)
{
	for (const bool all_or_nothing : {false, true}) {
		auto spec = offline_of({1, 2, 3, 4});
		spec.goal = 3;
		spec.all_or_nothing = all_or_nothing;
		Machine machine(spec);
		machine.answers[1] = {fails(EINVAL)};
		machine.answers[2] = {fails(EINVAL)};
		machine.run();
		EXPECT_EQ(machine.order, all_or_nothing ? (Numbers{1, 2}) : (Numbers{1, 2, 3, 4}));
		EXPECT_FALSE(machine.job.timed_out());
	}
}

TEST(Job, AllOrNothingIsNotOutOfReachByWhatIsGone)
{
	auto spec = offline_of({1, 2});
	spec.all_or_nothing = true;
	Machine machine(spec);
	machine.answers[1] = {fails(ENODEV)};
	machine.run();
	EXPECT_EQ(machine.order, (Numbers{1, 2}));
	EXPECT_EQ(machine.job.missing(), 0u);
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

/// The block that next() names, and those behind it.
Numbers named(Job &job, size_t most)
{
	const auto step = job.next(Time(1));
	const auto *attempt = std::get_if<Job::Attempt>(&step);
	if (!attempt)
		return {};
	Numbers blocks = {attempt->block};
	for (const auto block : job.following(most))
		blocks.push_back(block);
	return blocks;
}

Outcome online_now()
{
	Outcome outcome;
	outcome.reached = true;
	return outcome;
}

TEST(Job, NamesWhatFollowsUpToItsGoal)
{
	auto spec = online_of({5, 3, 4, 7});
	spec.goal = 3;
	Job job(spec);
	EXPECT_EQ(named(job, 1), (Numbers{5, 3}));
	Job other(spec);
	EXPECT_EQ(named(other, 9), (Numbers{5, 3, 4})) << "the last one only stands in";
	for (const uint64_t block : {5, 3, 4})
		other.result(block, online_now(), Time(1));
	EXPECT_EQ(other.missing(), 0u);
	EXPECT_TRUE(named(other, 9).empty());
}

TEST(Job, OfWhatFollowsOnlyReportedBlocksHadTheirTurn)
{
	auto spec = online_of({5, 3, 4, 7});
	std::vector<Numbers> rests;
	spec.rearrange = [&](uint64_t failed, const Numbers &done, Numbers rest) {
		EXPECT_EQ(failed, 3u);
		EXPECT_EQ(done, Numbers{5});
		rests.push_back(rest);
		std::reverse(rest.begin(), rest.end());
		return rest;
	};
	Job job(spec);
	EXPECT_EQ(named(job, 9), (Numbers{5, 3, 4, 7}));
	job.result(5, online_now(), Time(1));
	Outcome failed;
	failed.error = ENOMEM;
	job.result(3, failed, Time(1));
	EXPECT_EQ(rests, (std::vector<Numbers>{{4, 7}})) << "neither had an attempt";
	EXPECT_EQ(named(job, 9), (Numbers{7, 4}));
	job.result(7, online_now(), Time(1));
	job.result(4, online_now(), Time(1));
	const auto again = job.next(Time(1) + std::chrono::minutes(1));
	ASSERT_TRUE(std::holds_alternative<Job::Attempt>(again));
	EXPECT_EQ(std::get<Job::Attempt>(again).block, 3u);
	EXPECT_TRUE(job.following(9).empty()) << "a block that has failed goes alone";
}

} // namespace
} // namespace memhp
