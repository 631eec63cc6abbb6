// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include "request_fixture.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;
using Numbers = std::vector<uint64_t>;

TEST_F(RequestOfTree, AllOrNothingPutsBackWhatWentIntoItsZone)
{
	request.all_or_nothing = true;
	tree.add(36, "online", "Movable");
	tree.add(1, "online", "DMA32");
	kernel.script(0, {"22"});
	const auto result = report(Change::offline, {"32-36", "0-1", "40"});
	// One job a kind of zone; the lowest of a zone first, as every online.
	EXPECT_EQ(kernel.writes(),
		  (Lines{"33 offline", "36 offline", "35 offline", "34 offline", "32 offline",
			 "1 offline", "0 offline", "32 online_movable", "34 online_movable",
			 "35 online_movable", "36 online_movable", "33 online_movable",
			 "1 online_kernel"}));
	EXPECT_FALSE(result.complete());
	EXPECT_TRUE(result.done.empty());
	EXPECT_EQ(result.rolled_back, (Numbers{1, 32, 33, 34, 35, 36}));
	EXPECT_TRUE(result.lost.empty());
	ASSERT_EQ(result.stayed.size(), 1u);
	EXPECT_EQ(result.stayed[0].block, 0u);
	for (const uint64_t block : {1, 32, 33, 34, 35, 36})
		EXPECT_EQ(tree.state(block), "online") << block;
	EXPECT_EQ(tree.state(40), "offline") << "it was so before";
	EXPECT_EQ(result.wrong_zone, Numbers{1}) << "the fake kernel knows no DMA32";
}

TEST_F(RequestOfTree, ATrialThatGoesComesBackIntoItsZone)
{
	request.trial = true;
	config.assist = {Assist::compact};
	auto result = report(Change::offline, {"33"});
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "33 online_movable"}));
	EXPECT_TRUE(result.done.empty());
	EXPECT_TRUE(result.stayed.empty());
	EXPECT_TRUE(result.lost.empty());
	EXPECT_EQ(result.rolled_back, Numbers{33});
	EXPECT_EQ(tree.state(33), "online");
}

TEST_F(RequestOfTree, ATrialIsOneAttempt)
{
	request.trial = true;
	config.attempt_deadline = Time(20);
	kernel.script(33, {"16", "ok"});
	const auto result = report(Change::offline, {"33"});
	EXPECT_EQ(kernel.writes(), Lines{"33 offline"});
	ASSERT_EQ(result.stayed.size(), 1u);
	EXPECT_EQ(result.stayed[0].attempts, 1u);
	EXPECT_FALSE(result.timed_out);
	EXPECT_TRUE(result.rolled_back.empty());
}

TEST_F(RequestOfTree, ATrialLeavesBrokenMemoryAlone)
{
	request.trial = true;
	request.target = {"33"};
	request.change = Change::offline;
	tree.poison(33);
	const auto plan = make_plan(sysfs, request, terms_of(request, config));
	ASSERT_FALSE(plan);
	EXPECT_NE(plan.error().message.find("33"), std::string::npos);
}

TEST_F(RequestOfTree, AllOrNothingThatGoesStays)
{
	request.all_or_nothing = true;
	kernel.script(34, {"16", "hang"});
	config.attempt_deadline = Time(20);
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_TRUE(result.complete());
	EXPECT_TRUE(result.rolled_back.empty());
	EXPECT_EQ(tree.state(32), "offline");
}

TEST_F(RequestOfTree, AllOrNothingEndsWhereItCannotSucceedAnyMore)
{
	request.all_or_nothing = true;
	kernel.script(35, {"22"});
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "35 offline", "33 online_movable"}));
	ASSERT_EQ(result.stayed.size(), 3u);
	EXPECT_EQ(reason(result.stayed[0]), "not tried");
	EXPECT_EQ(progress.back().rolling_back, true);
	EXPECT_EQ(progress.back().done, 1u);
	EXPECT_EQ(progress.back().goal, 1u);
}

TEST_F(RequestOfTree, AKernelWithoutPolicyIsToldTheTypeOfWhatComesBackTwice)
{
	tree.remove("sys/module/memory_hotplug");
	request.all_or_nothing = true;
	kernel.script(35, {"22"});
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_EQ(kernel.writes(),
		  (Lines{"33 offline", "35 offline", "33 online_movable", "33 online_movable"}));
	ASSERT_EQ(result.stayed.size(), 3u);
	EXPECT_EQ(reason(result.stayed[0]), "not tried");
	EXPECT_EQ(progress.back().rolling_back, true);
	EXPECT_EQ(progress.back().done, 1u);
	EXPECT_EQ(progress.back().goal, 1u);
}

TEST_F(RequestOfTree, AllOrNothingPutsBackAtItsDeadline)
{
	request.all_or_nothing = true;
	request.deadline = Time(100);
	kernel.script(34, {"hang", "hang", "hang", "hang", "hang", "hang"});
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_TRUE(result.timed_out);
	EXPECT_EQ(result.rolled_back.size(), 2u);
	EXPECT_TRUE(result.done.empty());
}

TEST_F(RequestOfTree, AllOrNothingPutsBackWhenItIsCancelled)
{
	request.all_or_nothing = true;
	kernel.script(35, {"hang"});
	attempted = [this] {
		if (kernel.writes().size() <= 2)
			engine->cancel(job);
	};
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_TRUE(result.cancelled);
	EXPECT_EQ(result.rolled_back, Numbers{33});
	EXPECT_EQ(tree.state(33), "online");
}

TEST_F(RequestOfTree, WithoutItWhatWentStaysOffline)
{
	kernel.script(35, {"22"});
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_EQ(result.done, (Numbers{32, 33, 34}));
	EXPECT_TRUE(result.rolled_back.empty());
}

TEST_F(RequestOfTree, SaysWhatCannotBePutBack)
{
	request.all_or_nothing = true;
	kernel.script(33, {"ok", "133"});
	kernel.script(35, {"ok", "12"});
	kernel.script(34, {"22"});
	config.backoff.initial = Time(1);
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_EQ(result.done, Numbers{33}) << "it is offline, and stays so";
	EXPECT_EQ(result.rolled_back, Numbers{35});
	ASSERT_EQ(result.lost.size(), 1u);
	EXPECT_EQ(result.lost[0].block, 33u);
	EXPECT_EQ(result.lost[0].error, EHWPOISON);
	EXPECT_EQ(result.failed_attempts, 3u) << "two of them on the way back";
}

TEST_F(RequestOfTree, LeavesAloneWhatSomebodyElseTookOffline)
{
	request.all_or_nothing = true;
	kernel.script(33, {"other"});
	kernel.script(35, {"16"});
	kernel.script(34, {"22"});
	attempted = [this] {
		tree.write(MachineTree::dir(35) + "/state", "offline\n");
		attempted = [] {};
	};
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_TRUE(result.rolled_back.empty());
	EXPECT_EQ(tree.state(33), "offline");
	EXPECT_EQ(tree.state(35), "offline");
}

TEST_F(RequestOfTree, RefusesAllOrNothingWithABrokenBlock)
{
	request.all_or_nothing = true;
	tree.poison(34);
	const auto plan = [&](Lines target) {
		request.target = std::move(target);
		return make_plan(sysfs, request, config);
	};
	const auto refused = plan({"32-35"});
	ASSERT_FALSE(refused);
	EXPECT_NE(refused.error().message.find("blocks 34 have broken (poisoned) memory"),
		  std::string::npos)
		<< refused.error().message;
	EXPECT_TRUE(plan({"32-33"}));
	const auto size = plan({"384M", "zone:movable"});
	ASSERT_TRUE(size) << size.error().message;
	for (const auto &part : size->parts)
		EXPECT_NE(part.block, 34u);
	EXPECT_FALSE(plan({"512M", "zone:movable"})) << "there is no other";
	tree.remove("proc/kpageflags");
	EXPECT_FALSE(plan({"32-33"})) << "nobody knows where it is";
	request.all_or_nothing = false;
	EXPECT_TRUE(plan({"32-35"}));
}

TEST_F(RequestOfTree, ASuspendedOneIsLeftAsItIsForTheNext)
{
	request.all_or_nothing = true;
	kernel.script(35, {"hang"});
	attempted = [this] {
		if (kernel.writes().size() <= 2) {
			suspended = true;
			engine->cancel(job);
		}
	};
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_TRUE(result.rolled_back.empty());
	EXPECT_EQ(result.done, Numbers{33});
	EXPECT_EQ(tree.state(33), "offline");
}

/// A plan as a killed process leaves it, in the middle.
class ResumedRequest : public RequestOfTree
{
protected:
	Plan half_done()
	{
		request.target = {"32-35"};
		request.all_or_nothing = true;
		auto plan = make_plan(sysfs, request, terms_of(request, config)).value();
		plan.rearrange = {};
		plan.resumed = true;
		for (const auto block : {33, 35}) {
			tree.write(MachineTree::dir(static_cast<uint64_t>(block)) + "/state",
				   "offline\n");
			tree.write(MachineTree::dir(static_cast<uint64_t>(block)) + "/valid_zones",
				   "Movable Normal\n");
		}
		return plan;
	}
};

TEST_F(ResumedRequest, GoesOnWhereItWas)
{
	const auto result = carry_out(half_done());
	EXPECT_EQ(kernel.writes(), (Lines{"34 offline", "32 offline"}));
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(result.done, (Numbers{32, 33, 34, 35}));
}

TEST_F(ResumedRequest, TakesNoMoreThanWasAskedFor)
{
	auto plan = half_done();
	plan.request.all_or_nothing = false;
	plan.goal = 3; // as for a size: the first two had failed when 33 and 35 went
	std::sort(plan.parts.begin(), plan.parts.end(),
		  [](const auto &a, const auto &b) { return a.block % 2 < b.block % 2; });
	const auto result = carry_out(plan);
	EXPECT_EQ(kernel.writes().size(), 1u);
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(result.done.size(), 3u);
}

TEST_F(ResumedRequest, PutsBackWhatItTookBeforeToo)
{
	kernel.script(34, {"22"});
	const auto result = carry_out(half_done());
	EXPECT_EQ(result.rolled_back, (Numbers{33, 35}));
	EXPECT_EQ(tree.state(33), "online");
	EXPECT_EQ(tree.read(MachineTree::dir(33) + "/valid_zones"), "Movable");
}

TEST_F(ResumedRequest, GoesOnPuttingBack)
{
	auto plan = half_done();
	plan.rolling_back = true;
	const auto result = carry_out(plan);
	EXPECT_EQ(kernel.writes(), (Lines{"35 online_movable", "33 online_movable"}));
	EXPECT_EQ(result.rolled_back, (Numbers{33, 35}));
	EXPECT_FALSE(result.complete());
}

TEST_F(ResumedRequest, KeepsItsHandsOffBlocksOfAnotherLife)
{
	auto plan = half_done();
	for (auto &part : plan.parts)
		if (part.block == 34 || part.block == 35)
			++part.inode;
	kernel.script(32, {"22"});
	const auto result = carry_out(plan);
	EXPECT_EQ(kernel.writes(), (Lines{"32 offline", "33 online_movable"}));
	EXPECT_EQ(result.goal, 2u);
	EXPECT_EQ(tree.state(34), "online");
	EXPECT_EQ(tree.state(35), "offline");
}

} // namespace
} // namespace memhp
