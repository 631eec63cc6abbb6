// SPDX-License-Identifier: GPL-2.0-only
#include "onliner_fixture.h"

namespace memhp
{
namespace
{

using Lines = OnlinerOfTree::Lines;

/// A DIMM of blocks 40 to 42 is in the kernel zone before memhpd comes.
class RezoneOfTree : public OnlinerOfTree
{
protected:
	RezoneOfTree()
	{
		for (uint64_t block = 32; block < 36; ++block)
			become(block, "Movable");
		for (uint64_t block = 40; block < 43; ++block) {
			plug(block, "PNP0C80:02");
			become(block, "Normal");
		}
		policy.rezone = true;
		policy.max_movable_ratio = 100;
		policy.hard_ratio.reset();
	}
	std::string zone(uint64_t block) const
	{
		return tree.read(MachineTree::dir(block) + "/valid_zones");
	}
	Scene looked(
		uint64_t times, std::function<void()> then = [] {})
	{
		return {[this, times] {
				return onliner->counters().scans >= times && engine->idle() &&
				       onliner->moving().empty();
			},
			std::move(then)};
	}
	uint64_t inode(uint64_t block) const
	{
		const auto blocks = sysfs.scan();
		for (const auto &one : *blocks)
			if (one.number == block)
				return one.inode;
		return 0;
	}
	const std::set<uint64_t> &misplaced() const { return onliner->misplaced(); }

	OnlinePolicy policy;
};

TEST_F(RezoneOfTree, OffOnlyReports)
{
	policy.rezone = false;
	start(policy);
	ASSERT_TRUE(play(loop, {looked(2, [&] { onliner->on_lost(); }), looked(3)}));
	EXPECT_TRUE(writes().empty());
	EXPECT_EQ(misplaced(), (std::set<uint64_t>{40, 41, 42}));
	EXPECT_EQ(onliner->counters().wrong_zone, 0u) << "they did not come under memhpd";
	EXPECT_EQ(why(40), "was there when memhpd came, onlined by the kernel or another program");
	EXPECT_EQ(why(0), "") << "boot memory may be where it likes";
}

TEST_F(RezoneOfTree, MovesOneBlockAfterTheOther)
{
	start(policy);
	ASSERT_TRUE(play(loop, {{[&] { return onliner->counters().rezoned == 3; },
				 [&] { EXPECT_GT(saves, 0); }},
				looked(3)}));
	const auto lines = writes();
	ASSERT_EQ(lines.size(), 6u);
	for (size_t i = 0; i < lines.size(); i += 2) {
		EXPECT_EQ(lines[i].substr(2), " offline");
		EXPECT_EQ(lines[i + 1], lines[i].substr(0, 2) + " online_movable")
			<< "back before the next goes";
	}
	for (uint64_t block = 40; block < 43; ++block) {
		EXPECT_EQ(zone(block), "Movable");
		EXPECT_EQ(standing(block), Standing::handled);
		EXPECT_EQ(why(block), "in zone Movable by online.rezone");
	}
	EXPECT_TRUE(misplaced().empty());
	EXPECT_EQ(onliner->counters().onlined, 0u);
}

TEST_F(RezoneOfTree, ItsEventsAreNobodysOffline)
{
	start(policy);
	ASSERT_TRUE(play(
		loop,
		{{[&] { return tree.state(40) == "offline" || onliner->counters().rezoned > 0; },
		  [&] {
			  for (const auto &[block, number] : onliner->moving())
				  uevent(Uevent::Action::offline, block);
		  }},
		 {[&] { return onliner->counters().rezoned == 3; }},
		 looked(3)}));
	for (uint64_t block = 40; block < 43; ++block)
		EXPECT_EQ(standing(block), Standing::handled) << block;
}

TEST_F(RezoneOfTree, WhatWillNotGoStaysAndIsLeftAlone)
{
	kernel.script(41, {"16", "16"}); // EBUSY twice in a kernel zone is hopeless
	start(policy);
	ASSERT_TRUE(play(loop, {{[&] { return onliner->counters().rezoned == 2; }},
				looked(3, [&] { onliner->on_lost(); }),
				looked(4)}));
	EXPECT_EQ(zone(41), "Normal");
	EXPECT_EQ(tree.state(41), "online");
	EXPECT_EQ(misplaced(), std::set<uint64_t>{41}) << "it is still told of";
	const auto lines = writes();
	EXPECT_EQ(std::count(lines.begin(), lines.end(), "41 offline"), 2)
		<< "not tried again at the next look";
}

TEST_F(RezoneOfTree, AReloadTriesAgain)
{
	kernel.script(41, {"16", "16"});
	start(policy);
	ASSERT_TRUE(play(loop, {{[&] { return onliner->counters().rezoned == 2; }},
				looked(3,
				       [&] {
					       onliner->set_limits({}, false);
					       onliner->set_policy(policy);
				       }),
				{[&] { return onliner->counters().rezoned == 3; }},
				looked(4)}));
	EXPECT_EQ(zone(41), "Movable");
}

TEST_F(RezoneOfTree, WhatAnotherTakesOfflineMeanwhileStaysSo)
{
	kernel.script(42, {"other"});
	start(policy);
	ASSERT_TRUE(play(loop, {{[&] { return onliner->counters().rezoned == 2; }}, looked(3)}));
	EXPECT_EQ(tree.state(42), "offline");
	EXPECT_EQ(standing(42), Standing::deliberate);
}

TEST_F(RezoneOfTree, WhatCannotBeMovableComesBackInAnyZone)
{
	kernel.script(42, {"ok", "22"}); // offline, but EINVAL for online_movable
	start(policy);
	ASSERT_TRUE(play(
		loop,
		{{[&] { return onliner->counters().rezoned == 2 && onliner->moving().empty(); }},
		 looked(3)}));
	EXPECT_EQ(tree.state(42), "online");
	EXPECT_EQ(zone(42), "Normal");
	EXPECT_EQ(standing(42), Standing::handled);
}

TEST_F(RezoneOfTree, WhileOneCannotComeBackNoOtherGoes)
{
	for (const uint64_t block : {40u, 41u, 42u})
		kernel.script(block, {"ok", "12", "12", "12"}); // ENOMEM may pass
	start(policy);
	size_t most = 0;
	ASSERT_TRUE(play(loop, {{[&] {
					size_t offline = 0;
					for (const uint64_t block : {40u, 41u, 42u})
						offline += tree.state(block) == "offline";
					most = std::max(most, offline);
					return onliner->counters().rezoned == 3;
				}},
				looked(3)}));
	EXPECT_EQ(most, 1u);
	EXPECT_TRUE(misplaced().empty());
}

TEST_F(RezoneOfTree, ChosenZonesAreRight)
{
	policy.rezone = false;
	start(policy);
	ASSERT_TRUE(play(loop, {looked(2,
				       [&] {
					       Attempted attempted;
					       attempted.block = 40;
					       attempted.outcome.reached = true;
					       attempted.zone = Zone::normal;
					       onliner->note(Change::online, attempted);
					       auto with = policy;
					       with.rezone = true;
					       onliner->set_policy(with);
				       }),
				{[&] { return onliner->counters().rezoned == 2; }},
				looked(3)}));
	EXPECT_EQ(zone(40), "Normal") << "a request wanted it there";
	EXPECT_TRUE(misplaced().empty());
}

TEST_F(RezoneOfTree, BeyondTheRatioTheKernelZoneIsRight)
{
	policy.beyond_ratio = BeyondRatio::kernel;
	policy.max_movable_ratio = 6;
	start(policy);
	ASSERT_TRUE(play(loop, {looked(2)}));
	EXPECT_TRUE(writes().empty());
	EXPECT_TRUE(misplaced().empty());
}

TEST_F(RezoneOfTree, OtherActionsMoveNothing)
{
	policy.action = OnlineAction::kernel;
	start(policy);
	ASSERT_TRUE(play(loop, {looked(2)}));
	EXPECT_TRUE(writes().empty());
	EXPECT_EQ(misplaced(), (std::set<uint64_t>{32, 33, 34, 35})) << "these are movable";
}

TEST_F(RezoneOfTree, AnInterruptedMoveIsUndone)
{
	policy.rezone = false;
	std::map<uint64_t, Ledger::Entry> saved;
	for (const uint64_t block : {40u, 41u}) {
		saved[block] = {inode(block), Standing::handled, true, {}, ""};
		tree.write(MachineTree::dir(block) + "/state", "offline");
		tree.write(MachineTree::dir(block) + "/valid_zones", "Movable Normal");
	}
	moving = {{40, inode(40)}, {41, inode(41) + 1}};
	start(policy, saved);
	EXPECT_EQ(standing(40), Standing::fresh) << "nobody has taken it offline";
	ASSERT_TRUE(play(loop, {{[&] { return tree.state(40) == "online"; }}, looked(2)}));
	EXPECT_EQ(zone(40), "Movable");
	EXPECT_EQ(writes(), Lines{"40 online_movable"});
	EXPECT_EQ(standing(40), Standing::handled);
	EXPECT_EQ(tree.state(41), "offline") << "its inode is another: that was another life";
	EXPECT_EQ(standing(41), Standing::deliberate);
}

} // namespace
} // namespace memhp
