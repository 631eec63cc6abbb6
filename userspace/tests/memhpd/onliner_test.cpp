// SPDX-License-Identifier: GPL-2.0-only
#include "onliner_fixture.h"

namespace memhp
{
namespace
{

using Lines = OnlinerOfTree::Lines;
using Standing = Ledger::Standing;

TEST_F(OnlinerOfTree, OnlinesWhatItFindsAtTheFirstScanInTheOrderOfTheZone)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	EXPECT_EQ(writes(), (Lines{"33 online_movable", "34 online_movable", "35 online_movable",
				   "32 online_movable"}));
	EXPECT_EQ(standing(32), Standing::handled);
	EXPECT_EQ(onliner->counters().wrong_zone, 0u);
	EXPECT_GT(changes, 0);
}

TEST_F(OnlinerOfTree, WaitsForTheEndOfAnAdditionByABarrier)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4)}));
	const auto all = kernel.writes();
	EXPECT_EQ(all[0], "0 online");
	EXPECT_EQ(all[1], "0 online") << "until the list of blocks holds still";
	EXPECT_EQ(all[2], "33 online_movable");
}

TEST_F(OnlinerOfTree, OnlinesADeviceThatIsAdded)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle([&] {
					plug(40, "PNP0C80:02");
					plug(41, "PNP0C80:02");
					uevent(Uevent::Action::add, 40);
					uevent(Uevent::Action::add, 41);
				}),
				onlined(6), when_idle()}));
	EXPECT_EQ(tree.state(40), "online");
	EXPECT_EQ(tree.state(41), "online");
	EXPECT_EQ(onliner->counters().onlined, 6u);
}

TEST_F(OnlinerOfTree, ReadsOnlyWhatAnEventHasToldOf)
{
	start();
	onliner->follow_events();
	const auto take_offline = [&](uint64_t block) {
		tree.write(MachineTree::dir(block) + "/state", "offline\n");
	};
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					for (uint64_t block = 32; block < 36; ++block)
						uevent(Uevent::Action::online, block);
					onliner->look();
				}),
				when_idle([&] {
					take_offline(33); // as if its event were still to come
					plug(40, "PNP0C80:02");
					become(40, "Movable");
					uevent(Uevent::Action::add, 40);
					uevent(Uevent::Action::online, 40);
					plug(41, "PNP0C80:02");
					uevent(Uevent::Action::add, 41);
				}),
				onlined(5),
				when_idle([&] {
					EXPECT_EQ(onliner->counters().found_online, 1u)
						<< "40, which was read";
					EXPECT_EQ(standing(33), Standing::handled);
					onliner->on_lost();
				}),
				{[&] { return standing(33) == Standing::deliberate; },
				 [&] {
					 take_offline(34);
					 onliner->look();
				 }},
				{[&] { return standing(34) == Standing::deliberate; }}}));
}

TEST_F(OnlinerOfTree, AnAdditionCostsNothingForBlocksThatPolicyIsDoneWith)
{
	start();
	uint64_t scans = 0;
	std::vector<std::string> before;
	ASSERT_TRUE(play(loop, {onlined(4), when_idle([&] {
					tree.write(MachineTree::dir(33) + "/state", "offline");
					uevent(Uevent::Action::offline, 33);
					scans = onliner->counters().scans;
					before = kernel.writes();
					for (const uint64_t block : {0, 8, 9, 32, 33, 34, 35})
						uevent(Uevent::Action::add, block);
				}),
				when_idle()}));
	EXPECT_EQ(kernel.writes(), before) << "not even a barrier";
	EXPECT_EQ(onliner->counters().scans, scans);
	EXPECT_EQ(tree.state(33), "offline");
}

TEST_F(OnlinerOfTree, LostEventsLeadToALookHoweverManyTimes)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle([&] {
					for (uint64_t block = 40; block < 48; ++block)
						plug(block);
					// One event came through, the others were dropped.
					onliner->on_lost();
					uevent(Uevent::Action::add, 44);
					onliner->on_lost();
					onliner->on_lost();
				}),
				onlined(12), when_idle()}));
	EXPECT_EQ(onliner->counters().lost_events, 3u);
	auto written = writes();
	std::sort(written.begin(), written.end());
	EXPECT_EQ(written.size(), 12u);
	EXPECT_EQ(std::unique(written.begin(), written.end()), written.end()) << "nothing twice";
}

TEST_F(OnlinerOfTree, LeavesTheFirstScanAloneWherePolicySaysSo)
{
	OnlinePolicy policy;
	policy.first_scan_online = false;
	start(policy);
	ASSERT_TRUE(play(loop, {when_idle([&] {
					EXPECT_TRUE(writes().empty());
					plug(40);
					uevent(Uevent::Action::add, 40);
				}),
				onlined(1), when_idle()}));
	EXPECT_EQ(writes(), Lines{"40 online_movable"}) << "what comes later is policy's";
	EXPECT_EQ(standing(32), Standing::deliberate);
}

TEST_F(OnlinerOfTree, WhatSomebodyTookOfflineStaysSo)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle([&] {
					tree.write(MachineTree::dir(33) + "/state", "offline");
					uevent(Uevent::Action::offline, 33);
					tree.write(MachineTree::dir(34) + "/state", "offline");
					plug(40);
					uevent(Uevent::Action::add, 40);
				}),
				onlined(5), when_idle()}));
	EXPECT_EQ(tree.state(33), "offline");
	EXPECT_EQ(tree.state(34), "offline") << "without an event the scan shows it";
	EXPECT_EQ(standing(33), Standing::deliberate);
	EXPECT_EQ(standing(34), Standing::deliberate);
}

TEST_F(OnlinerOfTree, ARestartRemembersWhatWasTakenOffline)
{
	std::map<uint64_t, Ledger::Entry> saved;
	const auto blocks = sysfs.scan();
	ASSERT_TRUE(blocks);
	for (const auto &block : *blocks)
		saved[block.number] = {block.inode, Standing::handled, true, Time(1), ""};
	saved[32].standing = Standing::deliberate;
	saved[32].online = false;
	saved[33].standing = Standing::fresh; // it was added when memhpd was killed
	saved[33].online = false;
	start({}, saved);
	ASSERT_TRUE(play(loop, {onlined(1), when_idle()}));
	EXPECT_EQ(writes(), Lines{"33 online_movable"});
	EXPECT_EQ(standing(34), Standing::deliberate) << "it went while nobody watched";
}

TEST_F(OnlinerOfTree, OwnRequestsCountAsDeliberate)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	Attempted attempted;
	attempted.block = 33;
	onliner->note(Change::offline, attempted);
	EXPECT_EQ(standing(33), Standing::handled) << "it did not get there";
	attempted.outcome.reached = true;
	onliner->note(Change::offline, attempted);
	EXPECT_EQ(standing(33), Standing::deliberate);
	EXPECT_EQ(why(33), "taken offline on purpose");
	onliner->note(Change::online, attempted);
	EXPECT_EQ(standing(33), Standing::handled);
	EXPECT_EQ(why(33), "online by request");
}

TEST_F(OnlinerOfTree, PolicyDecidesWhere)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::kernel;
	start(policy);
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	EXPECT_EQ(writes().front(), "33 online_kernel");
}

TEST_F(OnlinerOfTree, ARuleDecidesForTheWholeDevice)
{
	plug(40, "PNP0C80:02");
	plug(41, "PNP0C80:02");
	tree.write(MachineTree::dir(40) + "/state", "online"); // half of it is online already
	tree.write(MachineTree::dir(40) + "/valid_zones", "Movable");
	OnlinePolicy policy;
	policy.rules.resize(2);
	policy.rules[0].min_size = 4ull << 27;
	policy.rules[0].action = OnlineAction::offline;
	policy.rules[1].min_size = 2ull << 27;
	policy.rules[1].action = OnlineAction::kernel;
	start(policy);
	ASSERT_TRUE(play(loop, {onlined(1), when_idle()}));
	EXPECT_EQ(writes(), Lines{"41 online_kernel"});
	EXPECT_EQ(why(32), "offline by rule 1 (min_size=512M)");
	EXPECT_EQ(why(41), "kernel by rule 2 (min_size=256M)");
	EXPECT_EQ(why(40), "was there when memhpd came, onlined by the kernel or another program");
}

TEST_F(OnlinerOfTree, ANewPolicyDecidesOnWhatIsStillOffline)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::offline;
	start(policy);
	ASSERT_TRUE(play(loop, {when_idle([&] {
					EXPECT_TRUE(writes().empty());
					EXPECT_EQ(why(32), "offline by online.action");
					policy.action = OnlineAction::kernel;
					onliner->set_policy(policy);
				}),
				onlined(4), when_idle([&] {
					policy.action = OnlineAction::offline;
					onliner->set_policy(policy);
				}),
				when_idle()}));
	EXPECT_EQ(writes().size(), 4u);
	EXPECT_EQ(writes().front(), "33 online_kernel");
	EXPECT_EQ(why(32), "kernel by online.action") << "what is online stays as it is";
}

TEST_F(OnlinerOfTree, LeaveDoesWhatTheKernelWouldHaveDoneAfterTheGrace)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::leave;
	policy.owner_grace = Time(30);
	start(policy, {}, OnlineType::by_default);
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	EXPECT_EQ(writes().size(), 4u);
	EXPECT_EQ(writes()[0].substr(2), " online");
	EXPECT_EQ(lendings, 1) << "without memhpd the kernel's policy would be another";
	EXPECT_EQ(lent, 0);
}

TEST_F(OnlinerOfTree, LeaveWithoutAKernelDefaultLeavesIt)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::leave;
	policy.owner_grace = Time(0);
	start(policy);
	ASSERT_TRUE(play(loop, {when_idle()}));
	EXPECT_TRUE(writes().empty());
}

TEST_F(OnlinerOfTree, GivesUpWhatCannotBeOnlinedAndTriesTheRest)
{
	kernel.script(33, {"133"}); // EHWPOISON
	kernel.script(34, {"12"});
	start();
	ASSERT_TRUE(play(loop, {onlined(3), when_idle([&] { onliner->on_lost(); }), when_idle()}));
	EXPECT_EQ(onliner->counters().gave_up, 1u);
	EXPECT_EQ(onliner->counters().failures, 2u);
	EXPECT_EQ(onliner->counters().lost_events, 1u);
	EXPECT_EQ(tree.state(33), "offline");
	EXPECT_EQ(standing(33), Standing::handled);
	EXPECT_EQ(writes().size(), 5u) << "no second attempt on what is poisoned";
	EXPECT_NE(why(33).find("cannot be onlined: "), std::string::npos) << why(33);
}

TEST_F(OnlinerOfTree, CountsBlocksThatSomebodyElsePutElsewhere)
{
	kernel.script(33, {"kernel"}); // somebody's online_kernel was faster than this write
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle()}));
	EXPECT_EQ(onliner->counters().wrong_zone, 1u);
	EXPECT_EQ(onliner->counters().failures, 0u);
	EXPECT_EQ(why(33), "somebody was faster than memhpd");
}

TEST_F(OnlinerOfTree, KeepsTheHoleOpenWhileAVirtioMemDeviceGrows)
{
	for (uint64_t block = 32; block < 36; ++block)
		tree.remove(MachineTree::dir(block));
	start();
	// Something is added all the time, also in rounds that find nothing else to online.
	size_t barriers = 0;
	const auto growing = [&] {
		uevent(Uevent::Action::add, 44); // gone again when it is looked for
		const auto now = kernel.writes().size() - writes().size();
		if (barriers == 0 && onliner->counters().onlined >= 3)
			barriers = now;
		return barriers > 0 && now >= barriers + 6;
	};
	ASSERT_TRUE(
		play(loop, {when_idle([&] {
				    tree.write("proc/iomem", "140000000-23fffffff : virtio0\n"
							     "  140000000-15fffffff : "
							     "System RAM (virtio_mem)\n");
				    for (uint64_t block = 40; block < 44; ++block) {
					    tree.add(block, "offline", "Movable Normal");
					    uevent(Uevent::Action::add, block);
				    }
			    }),
			    {growing, [&] { EXPECT_EQ(tree.state(40), "offline") << "the hole"; }},
			    onlined(4),
			    when_idle()}));
	EXPECT_EQ(writes(), (Lines{"41 online_movable", "42 online_movable", "43 online_movable",
				   "40 online_movable"}));
}

} // namespace
} // namespace memhp
