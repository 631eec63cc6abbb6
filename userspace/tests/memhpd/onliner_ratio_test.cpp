// SPDX-License-Identifier: GPL-2.0-only
#include "onliner_fixture.h"

namespace memhp
{
namespace
{

using Lines = OnlinerOfTree::Lines;

/// One block of kernel memory was there at boot, two are movable, four are to come.
class OnlinerAndRatio : public OnlinerOfTree
{
protected:
	static OnlinePolicy bounds(BeyondRatio beyond, double max,
				   std::optional<double> hard = std::nullopt)
	{
		OnlinePolicy policy;
		policy.beyond_ratio = beyond;
		policy.max_movable_ratio = max;
		policy.hard_ratio = hard;
		return policy;
	}
	/// All that was written has this type.
	void expect_writes(size_t count, std::string_view type) const
	{
		const auto lines = writes();
		EXPECT_EQ(lines.size(), count);
		for (const auto &line : lines)
			EXPECT_EQ(line.substr(line.find(' ') + 1), type);
	}
};

TEST_F(OnlinerAndRatio, WarnOnlinesMovableAllTheSame)
{
	start(bounds(BeyondRatio::warn, 5));
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(4, "online_movable");
	EXPECT_EQ(onliner->counters().beyond_ratio, 0u);
}

TEST_F(OnlinerAndRatio, AllBlocksOfADeviceGetTheKernelZone)
{
	start(bounds(BeyondRatio::kernel, 5));
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(4, "online_kernel");
	EXPECT_EQ(why(32), "kernel by online.beyond_ratio: movable : kernel would be 6.00, beyond "
			   "max_movable_ratio (5)");
	EXPECT_EQ(onliner->counters().beyond_ratio, 4u);
	EXPECT_EQ(onliner->counters().wrong_zone, 0u) << "that is where they belong";
	EXPECT_TRUE(onliner->misplaced().empty());
}

TEST_F(OnlinerAndRatio, JustWithinIsMovable)
{
	start(bounds(BeyondRatio::kernel, 6));
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(4, "online_movable");
}

TEST_F(OnlinerAndRatio, TheHardBoundHoldsUnderAWarning)
{
	start(bounds(BeyondRatio::warn, 1, 5));
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(4, "online_kernel");
	EXPECT_NE(why(35).find("kernel by online.hard_ratio: "), std::string::npos) << why(35);
}

TEST_F(OnlinerAndRatio, ARuleIsBoundToo)
{
	auto policy = bounds(BeyondRatio::kernel, 5);
	policy.action = OnlineAction::offline;
	policy.rules.push_back({Source::acpi_dimm, {}, {}, 0, OnlineAction::movable});
	start(policy);
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(4, "online_kernel");
}

TEST_F(OnlinerAndRatio, AnotherActionIsNot)
{
	auto policy = bounds(BeyondRatio::offline, 0, 0.0);
	policy.action = OnlineAction::kernel;
	start(policy);
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(4, "online_kernel");
	EXPECT_EQ(why(32), "kernel by online.action");
}

TEST_F(OnlinerAndRatio, OfflineHoldsUntilThereIsRoom)
{
	start(bounds(BeyondRatio::offline, 5));
	ASSERT_TRUE(
		play(loop, {{[&] { return onliner->counters().scans >= 2; }},
			    when_idle([&] {
				    EXPECT_TRUE(writes().empty());
				    EXPECT_EQ(standing(32), Standing::fresh);
				    EXPECT_EQ(why(32).find("offline by online.beyond_ratio: "), 0u)
					    << why(32);
				    EXPECT_EQ(onliner->counters().beyond_ratio, 4u);
				    onliner->on_lost();
			    }),
			    {[&] { return onliner->counters().scans >= 3; }},
			    when_idle([&] {
				    EXPECT_EQ(onliner->counters().beyond_ratio, 4u)
					    << "each block is told of once";
				    onliner->set_policy(bounds(BeyondRatio::offline, 6));
			    }),
			    onlined(4),
			    when_idle()}));
	expect_writes(4, "online_movable");
}

TEST_F(OnlinerAndRatio, WhatIsOnItsWayCounts)
{
	kernel.script(32, {"16", "16", "16"}); // the job goes on for a while
	start(bounds(BeyondRatio::kernel, 6));
	ASSERT_TRUE(play(loop, {onlined(1,
					[&] {
						for (const uint64_t block : {40u, 41u}) {
							plug(block, "PNP0C80:02");
							uevent(Uevent::Action::add, block);
						}
					}),
				onlined(6), when_idle()}));
	EXPECT_EQ(tree.read(MachineTree::dir(32) + "/valid_zones"), "Movable");
	EXPECT_EQ(tree.read(MachineTree::dir(40) + "/valid_zones"), "Normal");
}

TEST_F(OnlinerAndRatio, InKernelModeTheKernelMayBeRight)
{
	mode = OnlineMode::kernel;
	start(bounds(BeyondRatio::kernel, 6));
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					plug(40, "PNP0C80:02");
					become(40, "Normal");
					uevent(Uevent::Action::add, 40);
				}),
				{[&] { return onliner->counters().found_online == 1; }},
				when_idle()}));
	EXPECT_EQ(onliner->counters().wrong_zone, 0u) << "one more would have been beyond";
	EXPECT_TRUE(onliner->misplaced().empty());
}

/// A kernel without online_policy.
class OnlinerOfOldKernel : public OnlinerAndRatio
{
protected:
	OnlinerOfOldKernel() { keep_type = true; }
	std::string zone(uint64_t block) const
	{
		return tree.read(MachineTree::dir(block) + "/valid_zones");
	}
	bool kept(uint64_t block) const
	{
		return tree.exists(MachineTree::dir(block) + "/online_type");
	}
};

TEST_F(OnlinerOfOldKernel, PutsBlocksBackWhereTheyWere)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	expect_writes(8, "online_movable");
	kernel.put_back(33);
	EXPECT_EQ(zone(33), "Movable");
}

TEST_F(OnlinerOfOldKernel, AndAgainTheNextTime)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					kernel.put_back(33);
					EXPECT_FALSE(kept(33));
					uevent(Uevent::Action::offline, 33);
					uevent(Uevent::Action::online, 33);
				}),
				{[&] { return kept(33); }},
				when_idle()}));
	expect_writes(9, "online_movable");
	kernel.put_back(33);
	EXPECT_EQ(zone(33), "Movable");
	EXPECT_EQ(onliner->counters().onlined, 4u);
}

TEST_F(OnlinerOfOldKernel, AlsoWhatOthersOnlined)
{
	plug(40, "PNP0C80:02");
	become(40, "Movable");
	plug(41, "PNP0C80:02");
	become(41, "Normal");
	start(bounds(BeyondRatio::warn, 4));
	ASSERT_TRUE(play(loop, {onlined(4), {[&] { return kept(40) && kept(41); }}, when_idle()}));
	EXPECT_EQ(tree.read(MachineTree::dir(0) + "/online_type"), "online")
		<< "only the barrier has written to boot memory";
	kernel.put_back(40);
	kernel.put_back(41);
	EXPECT_EQ(zone(40), "Movable");
	EXPECT_EQ(zone(41), "Movable") << "where policy wants it";
}

TEST_F(OnlinerOfOldKernel, AKernelWithOnlinePolicyNeedsNoneOfThis)
{
	keep_type = false;
	start();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					uevent(Uevent::Action::online, 33);
					onliner->on_lost();
				}),
				{[&] { return onliner->counters().scans >= 3; }},
				when_idle()}));
	expect_writes(4, "online_movable");
}

} // namespace
} // namespace memhp
