// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include "engine_fixture.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

TEST_F(EngineOfTree, OnlinesInTheOrderAndTypeOfTheJob)
{
	submit(spec(Change::online, {40, 42, 43, 41}));
	EXPECT_TRUE(finished.empty());
	ASSERT_TRUE(play(loop, {after(1), idle()}));
	EXPECT_EQ(kernel.writes(), (Lines{"40 online_movable", "42 online_movable",
					  "43 online_movable", "41 online_movable"}));
	EXPECT_EQ(finished[0].done(), 4u);
	ASSERT_EQ(attempts.size(), 4u);
	EXPECT_TRUE(attempts[0].outcome.reached);
	EXPECT_EQ(attempts[0].zone, Zone::movable);
	EXPECT_EQ(tree.state(41), "online");
}

TEST_F(EngineOfTree, OfflinesAndTellsTheZoneOfOrigin)
{
	submit(spec(Change::offline, {33, 0}));
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "0 offline"}));
	EXPECT_EQ(attempts[0].zone, Zone::movable);
	EXPECT_FALSE(attempts[0].outcome.kernel_zone);
	EXPECT_EQ(attempts[1].zone, Zone::normal);
	EXPECT_TRUE(attempts[1].outcome.kernel_zone);
	EXPECT_EQ(engine->running(), std::nullopt);
}

TEST_F(EngineOfTree, WritesOtherFilesBeforeAnyJob)
{
	tree.add(50, "offline", "Movable Normal");
	tree.add_dax("dax0.0", 50, 50, "offline");
	int error = -1;
	submit(spec(Change::online, {40}));
	engine->write("sys/bus/dax/devices/dax0.0/state", "unplugged", std::chrono::hours(1),
		      [&](const Writer::Outcome &outcome) { error = outcome.error; });
	EXPECT_FALSE(engine->idle());
	ASSERT_TRUE(play(loop, {after(1), idle()}));
	EXPECT_EQ(error, 0);
	EXPECT_EQ(kernel.writes(), (Lines{"dax0.0 unplugged", "40 online_movable"}));
}

TEST_F(EngineOfTree, AnOfflineMakesRoomForAnotherFile)
{
	tree.add_dax("dax0.0", 50, 50, "offline");
	kernel.script(33, {"hang", "ok"});
	int error = -1;
	submit(spec(Change::offline, {33}));
	ASSERT_TRUE(play(loop, {when_written(1,
					     [&] {
						     engine->write(
							     "sys/bus/dax/devices/dax0.0/state",
							     "online", std::chrono::hours(1),
							     [&](const Writer::Outcome &outcome) {
								     error = outcome.error;
							     });
					     }),
				after(1)}));
	EXPECT_EQ(error, EBUSY) << "it is not unplugged";
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "dax0.0 online", "33 offline"}));
	EXPECT_EQ(finished[0].failed_attempts(), 0u) << "being interrupted is no failure";
}

TEST_F(EngineOfTree, DoesNotWriteWhatIsDoneOrGone)
{
	tree.remove(MachineTree::dir(34));
	submit(spec(Change::offline, {40, 34, 35}));
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(kernel.writes(), Lines{"35 offline"});
	EXPECT_EQ(finished[0].records()[0].standing, Job::Standing::done);
	EXPECT_EQ(finished[0].records()[1].standing, Job::Standing::gone);
	EXPECT_EQ(finished[0].missing(), 0u);
}

TEST_F(EngineOfTree, TriesABusyBlockAgainAndAsksWhereItFailed)
{
	kernel.script(33, {"16", "16"});
	engine->set_stage_of([](uint64_t block) { return "stage of " + std::to_string(block); });
	submit(spec(Change::offline, {33, 34}));
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "34 offline", "33 offline", "33 offline"}));
	EXPECT_EQ(finished[0].done(), 2u);
	ASSERT_EQ(attempts.size(), 4u);
	EXPECT_EQ(attempts[0].outcome.error, EBUSY);
	EXPECT_EQ(attempts[0].outcome.stage, "stage of 33");
	EXPECT_EQ(attempts[1].outcome.stage, "") << "it did not fail";
}

TEST_F(EngineOfTree, AFailedWriteIsSuccessWhereTheStateHolds)
{
	kernel.script(33, {"other"});
	submit(spec(Change::offline, {33}));
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_TRUE(attempts[0].outcome.reached);
	EXPECT_EQ(finished[0].done(), 1u);
}

TEST_F(EngineOfTree, ABlockThatVanishesInTheWriteIsGone)
{
	kernel.script(33, {"vanish"});
	kernel.script(40, {"vanish"});
	submit(spec(Change::offline, {33}));
	submit(spec(Change::online, {40, 41}));
	ASSERT_TRUE(play(loop, {after(2)}));
	EXPECT_EQ(finished[0].missing(), 1u) << "it cannot be onlined";
	EXPECT_EQ(finished[1].missing(), 0u);
}

TEST_F(EngineOfTree, AHungOfflineIsKilledAndTriedAgain)
{
	kernel.script(33, {"hang"});
	auto job = spec(Change::offline, {33});
	job.attempt_deadline = Time(50);
	submit(job);
	ASSERT_TRUE(play(loop, {after(1)}));
	ASSERT_GE(attempts.size(), 2u);
	EXPECT_TRUE(attempts[0].outcome.killed);
	EXPECT_FALSE(attempts[0].outcome.preempted);
	EXPECT_TRUE(attempts.back().outcome.reached);
}

TEST_F(EngineOfTree, AnOfflineThatMovesPagesIsNotEndedAtItsDeadline)
{
	kernel.script(33, {"hang"});
	auto job = spec(Change::offline, {33});
	job.attempt_deadline = Time(40);
	const auto begin = Loop::now();
	uint64_t moved = 0;
	const auto moves = [&] {
		moved += 100'000;
		tree.write("proc/vmstat", "pgmigrate_success " + std::to_string(moved) + "\n");
		return Loop::now() - begin > 10 * job.attempt_deadline;
	};
	moves();
	submit(job);
	ASSERT_TRUE(play(loop, {{moves, [&] { EXPECT_TRUE(attempts.empty()); }}, after(1)}));
	EXPECT_TRUE(attempts[0].outcome.killed) << "when nothing moves any more";
}

TEST_F(EngineOfTree, AnOnlineGoesFirst)
{
	submit(spec(Change::offline, {33}));
	submit(spec(Change::online, {40}));
	ASSERT_TRUE(play(loop, {after(2)}));
	EXPECT_EQ(kernel.writes(), (Lines{"40 online_movable", "33 offline"}));
}

TEST_F(EngineOfTree, AnOnlineInterruptsARunningOffline)
{
	kernel.script(33, {"hang"});
	submit(spec(Change::offline, {33}));
	ASSERT_TRUE(play(loop,
			 {when_written(1, [&] { submit(spec(Change::online, {40})); }), after(2)}));
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "40 online_movable", "33 offline"}));
	ASSERT_EQ(attempts.size(), 3u);
	EXPECT_TRUE(attempts[0].outcome.preempted);
	EXPECT_FALSE(attempts[0].outcome.killed);
	EXPECT_EQ(finished[1].failed_attempts(), 0u) << "an interruption is no failure";
}

TEST_F(EngineOfTree, AnOnlineDoesNotInterruptAnOnline)
{
	submit(spec(Change::online, {40, 41}));
	ASSERT_TRUE(play(loop,
			 {when_written(1, [&] { submit(spec(Change::online, {42})); }), after(2)}));
	EXPECT_EQ(kernel.writes().size(), 3u);
	for (const auto &attempt : attempts)
		EXPECT_TRUE(attempt.outcome.reached);
}

TEST_F(EngineOfTree, CancelEndsTheRunningOfflineOfThatJobOnly)
{
	kernel.script(33, {"hang"});
	const auto hung = submit(spec(Change::offline, {33, 34}));
	const auto other = submit(spec(Change::offline, {35}));
	ASSERT_TRUE(play(loop, {when_written(1, [&] { engine->cancel(hung); }), after(2)}));
	EXPECT_NE(hung, other);
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "35 offline"}));
	EXPECT_TRUE(finished[0].cancelled());
	EXPECT_EQ(finished[0].done(), 0u);
	EXPECT_EQ(finished[1].done(), 1u);
}

TEST_F(EngineOfTree, CancelOfAWaitingJobLeavesTheRunningOneAlone)
{
	submit(spec(Change::offline, {33, 34, 35}));
	const auto waiting = submit(spec(Change::offline, {0}));
	engine->cancel(waiting);
	ASSERT_TRUE(play(loop, {after(2)}));
	EXPECT_EQ(kernel.writes().size(), 3u);
	EXPECT_EQ(tree.state(0), "online");
}

TEST_F(EngineOfTree, CancelOfAWaitingJobDoesNotInterruptTheRunningOne)
{
	kernel.script(33, {"hang"});
	auto running = spec(Change::offline, {33});
	running.attempt_deadline = Time(50);
	submit(running);
	const auto waiting = submit(spec(Change::offline, {34}));
	ASSERT_TRUE(play(loop, {when_written(1, [&] { engine->cancel(waiting); }), after(2)}));
	EXPECT_GE(attempts[0].outcome.took, Time(50)) << "it was left to its own deadline";
	EXPECT_EQ(tree.state(34), "online");
}

TEST_F(EngineOfTree, CancelOfAllOfflinesEndsThem)
{
	kernel.script(33, {"hang"});
	submit(spec(Change::offline, {33}));
	submit(spec(Change::offline, {34}));
	ASSERT_TRUE(play(loop,
			 {when_written(1, [&] { engine->cancel_offlines(); }), after(2), idle()}));
	EXPECT_EQ(kernel.writes(), Lines{"33 offline"});
	EXPECT_TRUE(finished[0].cancelled());
	EXPECT_TRUE(finished[1].cancelled());
}

TEST_F(EngineOfTree, TheJobsDeadlineEndsIt)
{
	kernel.script(33, {"hang"});
	auto job = spec(Change::offline, {33});
	job.deadline = Loop::now() + Time(50);
	submit(job);
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_TRUE(finished[0].timed_out());
	EXPECT_EQ(finished[0].missing(), 1u);
}

TEST_F(EngineOfTree, ACallbackMaySubmitAndCancel)
{
	Engine::JobId second = 0;
	Engine::Callbacks callbacks;
	callbacks.attempted = [&](const Job &, const Attempted &) {
		second = submit(spec(Change::offline, {34}));
	};
	callbacks.finished = [&](const Job &) {
		engine->cancel(second);
		submit(spec(Change::offline, {35}));
	};
	engine->submit(spec(Change::offline, {40}), std::move(callbacks));
	ASSERT_TRUE(play(loop, {after(2), idle()}));
	EXPECT_EQ(kernel.writes(), Lines{"35 offline"});
}

TEST_F(EngineOfTree, TheBarrierWritesWhatTheKernelRefuses)
{
	std::optional<bool> passed;
	engine->barrier([&](bool result) { passed = result; });
	EXPECT_FALSE(engine->idle());
	ASSERT_TRUE(play(loop, {{[&] { return passed.has_value(); }}}));
	EXPECT_EQ(passed, true);
	EXPECT_EQ(kernel.writes(), Lines{"0 online"}) << "the lowest block of a kernel zone";
	EXPECT_EQ(tree.state(0), "online");
}

TEST_F(EngineOfTree, TheBarrierComesBeforeJobs)
{
	bool passed = false;
	submit(spec(Change::online, {40}));
	engine->barrier([&](bool) {
		passed = true;
		EXPECT_TRUE(attempts.empty());
	});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_TRUE(passed);
	EXPECT_EQ(kernel.writes(), (Lines{"0 online", "40 online_movable"}));
}

TEST_F(EngineOfTree, TheBarrierPassesWhereNoBlockIsOfAKernelZone)
{
	tree.remove(MachineTree::dir(0));
	int passed = 0;
	engine->barrier([&](bool result) {
		passed += result;
		engine->barrier([&](bool also) { passed += also; });
	});
	ASSERT_TRUE(play(loop, {{[&] { return passed == 2; }}}));
	EXPECT_TRUE(kernel.writes().empty());
}

TEST_F(EngineOfTree, AnEndlessRowOfBarriersDoesNotKeepAnOnlineWaiting)
{
	std::function<void(bool)> again = [&](bool) { engine->barrier(again); };
	engine->barrier(again);
	submit(spec(Change::online, {40, 41}));
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(finished[0].done(), 2u);
}

TEST_F(EngineOfTree, CancelOfAllOfflinesLeavesOnlinesAndBarriersAlone)
{
	kernel.script(33, {"hang"});
	submit(spec(Change::offline, {33}));
	std::optional<bool> passed;
	ASSERT_TRUE(play(loop, {when_written(1,
					     [&] {
						     engine->barrier(
							     [&](bool result) { passed = result; });
						     engine->cancel_offlines();
						     submit(spec(Change::online, {40}));
					     }),
				after(2), idle()}));
	EXPECT_EQ(passed, true);
	EXPECT_EQ(finished[0].done(), 1u) << "the online";
	EXPECT_TRUE(finished[1].cancelled());
	EXPECT_EQ(tree.state(33), "online");
}

TEST_F(EngineOfTree, TheTypeOfAnOnlineIsKeptByASecondWrite)
{
	auto online = spec(Change::online, {40, 32});
	online.keep_type = true;
	submit(online);
	ASSERT_TRUE(play(loop, {after(1), idle()}));
	EXPECT_EQ(kernel.writes(),
		  (Lines{"40 online_movable", "40 online_movable", "32 online_movable"}))
		<< "one is enough for a block that is online";
	ASSERT_EQ(attempts.size(), 2u) << "the second write is no attempt";
	EXPECT_EQ(attempts[0].outcome.error, 0);
	EXPECT_TRUE(attempts[0].ours);
	EXPECT_FALSE(attempts[1].ours);
	kernel.put_back(40);
	EXPECT_EQ(tree.read(MachineTree::dir(40) + "/valid_zones"), "Movable");
	kernel.put_back(40);
	EXPECT_EQ(tree.read(MachineTree::dir(40) + "/valid_zones"), "Normal")
		<< "the kernel forgets it with each online";
}

TEST_F(EngineOfTree, KeepingATypeNeverOnlines)
{
	auto keep = spec(Change::online, {32, 40});
	keep.keep_type = keep.only_keep_type = true;
	submit(keep);
	ASSERT_TRUE(play(loop, {after(1), idle()}));
	EXPECT_EQ(kernel.writes(), Lines{"32 online_movable"});
	EXPECT_EQ(tree.state(40), "offline");
}

TEST_F(EngineOfTree, AFailedOnlineAndAnOfflineKeepNothing)
{
	kernel.script(40, {"22"});
	auto online = spec(Change::online, {40});
	online.keep_type = true;
	submit(online);
	auto offline = spec(Change::offline, {32, 41});
	offline.keep_type = true;
	submit(offline);
	ASSERT_TRUE(play(loop, {after(2), idle()}));
	EXPECT_EQ(kernel.writes(), (Lines{"40 online_movable", "32 offline"}));
}

} // namespace
} // namespace memhp
