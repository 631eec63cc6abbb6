// SPDX-License-Identifier: GPL-2.0-only
#include "onliner_fixture.h"

namespace memhp
{
namespace
{

using Lines = OnlinerOfTree::Lines;

/// Blocks that come online by another hand before this daemon looks.
TEST_F(OnlinerOfTree, ChecksWhatTheKernelOnlined)
{
	mode = OnlineMode::kernel;
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle([&] {
					EXPECT_EQ(onliner->counters().left_offline, 0u)
						<< "these were there before";
					EXPECT_EQ(onliner->counters().found_online, 0u);
					for (uint64_t block = 40; block < 44; ++block) {
						plug(block, "PNP0C80:02");
						if (block < 43)
							become(block,
							       block < 42 ? "Movable" : "Normal");
						uevent(Uevent::Action::add, block);
					}
				}),
				onlined(5), when_idle()}));
	EXPECT_EQ(onliner->counters().found_online, 3u);
	EXPECT_EQ(onliner->counters().wrong_zone, 1u);
	EXPECT_EQ(onliner->counters().left_offline, 1u);
	EXPECT_EQ(writes().back(), "43 online_movable") << "what the kernel left";
	EXPECT_EQ(why(40), "movable by online.action, through the kernel");
	EXPECT_EQ(why(42), "put there by the kernel");
	EXPECT_EQ(tree.state(42), "online") << "a wrong zone is counted, not mended";
	ASSERT_GT(looks, 0);
}

TEST_F(OnlinerOfTree, ChecksEachBlockOnce)
{
	mode = OnlineMode::kernel;
	start();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					plug(40, "PNP0C80:02");
					become(40, "Normal");
					uevent(Uevent::Action::add, 40);
					EXPECT_FALSE(onliner->busy()) << "the kernel is not done";
					uevent(Uevent::Action::online, 40);
				}),
				{[&] { return onliner->counters().found_online == 1; },
				 [&] { onliner->on_lost(); }},
				when_idle([&] { onliner->on_lost(); }),
				when_idle()}));
	EXPECT_EQ(onliner->counters().found_online, 1u);
	EXPECT_EQ(onliner->counters().wrong_zone, 1u);
}

TEST_F(OnlinerOfTree, SaysWhenAnotherProgramWasFaster)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					plug(40, "PNP0C80:02");
					become(40, "Normal");
					plug(41, "PNP0C80:02");
					become(41, "Movable");
					uevent(Uevent::Action::add, 40);
				}),
				{[&] { return onliner->counters().found_online == 2; }}}));
	EXPECT_EQ(onliner->counters().wrong_zone, 1u);
	EXPECT_EQ(onliner->counters().left_offline, 0u);
	EXPECT_EQ(why(40), "somebody was faster than memhpd");
	EXPECT_EQ(why(41), "onlined by another program");
}

TEST_F(OnlinerOfTree, DaxMemoryThatItsOwnerOnlinedIsNeverInAWrongZone)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([&] {
					tree.add(40, "online", "Normal");
					tree.add_dax("dax0.0", 40, 40, "");
					uevent(Uevent::Action::add, 40);
				}),
				{[&] { return onliner->counters().found_online == 1; }}}));
	EXPECT_EQ(onliner->counters().wrong_zone, 0u);
}

/// A dax device beside the DIMM.
class OnlinerOfDax : public OnlinerOfTree
{
protected:
	void plug_dax(std::string_view state)
	{
		for (const uint64_t block : {40u, 41u})
			tree.add(block, "offline", "Movable Normal");
		tree.add_dax("dax0.0", 40, 41, state);
		uevent(Uevent::Action::add, 40);
		uevent(Uevent::Action::add, 41);
	}
	static OnlinePolicy with_rule(OnlineAction action)
	{
		OnlinePolicy policy;
		policy.owner_grace = Time(0);
		policy.rules.resize(1);
		policy.rules[0].source = Source::dax_kmem;
		policy.rules[0].action = action;
		return policy;
	}
	/// Writes for the dax device and its blocks.
	Lines dax_writes() const
	{
		auto lines = writes();
		lines.erase(lines.begin(), lines.begin() + 4);
		return lines;
	}
	/// The blocks come back as new ones, which the kernel announces.
	Scene back(std::function<void()> then = [] {})
	{
		return {[this] {
				uevent(Uevent::Action::add, 40);
				return onliner->counters().onlined == 6;
			},
			std::move(then)};
	}
};

TEST_F(OnlinerOfDax, ARuleTakesTheDeviceAsAWhole)
{
	start(with_rule(OnlineAction::movable));
	ASSERT_TRUE(play(
		loop, {onlined(4), when_idle([&] { plug_dax("offline"); }), back(), when_idle()}));
	EXPECT_EQ(dax_writes(), (Lines{"dax0.0 unplugged", "dax0.0 online_movable"}));
	EXPECT_EQ(why(40), "movable by rule 1 (source=dax-kmem), as a whole");
	EXPECT_EQ(onliner->counters().found_online, 0u) << "this was no other program";
	EXPECT_EQ(onliner->counters().wrong_zone, 0u);
	EXPECT_TRUE(onliner->pending_dax().empty());
}

TEST_F(OnlinerOfDax, AnOlderKernelHasOnlyBlocks)
{
	start(with_rule(OnlineAction::movable));
	ASSERT_TRUE(play(loop,
			 {onlined(4), when_idle([&] { plug_dax(""); }), onlined(6), when_idle()}));
	EXPECT_EQ(dax_writes().size(), 2u);
	EXPECT_EQ(dax_writes()[0].substr(2), " online_movable");
}

TEST_F(OnlinerOfDax, LeaveGoesTheSameWayAfterTheGrace)
{
	start(with_rule(OnlineAction::leave), {}, OnlineType::by_default);
	ASSERT_TRUE(play(
		loop, {onlined(4), when_idle([&] { plug_dax("offline"); }), back(), when_idle()}));
	EXPECT_EQ(dax_writes(), (Lines{"dax0.0 unplugged", "dax0.0 online"}));
	EXPECT_EQ(lendings, 1);
	EXPECT_EQ(lent, 0);
}

TEST_F(OnlinerOfDax, ADeviceThatIsOnlineInPartIsNotTouched)
{
	start(with_rule(OnlineAction::movable));
	ASSERT_TRUE(play(
		loop, {onlined(4),
		       when_idle([&] {
			       plug_dax("offline");
			       become(40, "Normal");
		       }),
		       {[&] { return onliner->counters().found_online == 1 && engine->idle(); }}}));
	EXPECT_TRUE(dax_writes().empty());
	EXPECT_NE(why(41).find("online in part"), std::string::npos) << why(41);
	EXPECT_EQ(tree.state(41), "offline");
}

} // namespace
} // namespace memhp
