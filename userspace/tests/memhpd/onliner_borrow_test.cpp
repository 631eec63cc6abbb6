// SPDX-License-Identifier: GPL-2.0-only
#include "onliner_fixture.h"

namespace memhp
{
namespace
{

/// Zone Movable is full from block 8 to 77, and a DIMM of blocks 200 to 260 is offline.
class BorrowOfTree : public OnlinerOfTree
{
protected:
	static constexpr uint64_t first = 200;
	static constexpr uint64_t last = 260;
	static constexpr uint64_t count = last - first + 1;

	BorrowOfTree()
	{
		for (uint64_t block = 10; block < 78; ++block) {
			if (block < 32 || block > 35)
				plug(block);
			become(block, "Movable");
		}
		for (auto block = first; block <= last; ++block)
			plug(block, "PNP0C80:02");
		tree.write("proc/kpageflags", "");
		policy.max_movable_ratio = 1000;
		policy.hard_ratio.reset();
		policy.borrow = true;
	}

	void run(std::function<void()> then = [] {})
	{
		start(policy);
		ASSERT_TRUE(play(loop, {onlined(count), when_idle(std::move(then)), {[this] {
						return !onliner->busy();
					}}}));
		EXPECT_TRUE(onliner->moving().empty());
		for (auto block = first; block <= last; ++block)
			EXPECT_EQ(tree.state(block), "online") << block;
	}
	/// Writes to block 9, and where among all of them they were.
	std::map<size_t, std::string> of_nine() const
	{
		std::map<size_t, std::string> found;
		const auto lines = writes();
		for (size_t at = 0; at < lines.size(); ++at)
			if (lines[at].substr(0, 2) == "9 ")
				found[at] = lines[at];
		return found;
	}
	using Nine = std::map<size_t, std::string>;

	OnlinePolicy policy;
};

TEST_F(BorrowOfTree, IsOffByDefault)
{
	EXPECT_FALSE(OnlinePolicy().borrow);
	policy.borrow = false;
	run();
	EXPECT_TRUE(of_nine().empty());
}

TEST_F(BorrowOfTree, TheSecondBlockIsAwayMeanwhile)
{
	run();
	EXPECT_EQ(of_nine(), (Nine{{0, "9 offline"}, {count + 1, "9 online_movable"}}));
	EXPECT_EQ(tree.state(9), "online");
	EXPECT_EQ(standing(9), Standing::handled) << "nobody took it offline on purpose";
	EXPECT_EQ(why(9), "");
	EXPECT_EQ(onliner->counters().onlined, count);
}

TEST_F(BorrowOfTree, ItIsSavedBeforeItGoes)
{
	std::map<uint64_t, uint64_t> saved;
	onliner.emplace(loop, sysfs, *engine, policy,
			Onliner::Hooks{[] {}, [] {},
				       [&] {
					       saved = onliner->moving();
					       EXPECT_EQ(tree.state(9), "online");
				       },
				       [] {}, [](bool) {}});
	onliner->start({}, {}, std::nullopt);
	ASSERT_TRUE(play(loop, {onlined(count), {[this] { return !onliner->busy(); }}}));
	ASSERT_EQ(saved.size(), 1u);
	EXPECT_EQ(saved.begin()->first, 9u);
	EXPECT_EQ(saved.begin()->second, sysfs.inode(9).value_or(0));
}

TEST_F(BorrowOfTree, ALookMeanwhileIsNoSignOfAPurpose)
{
	kernel.script(first, {"12"}); // so that it lasts
	start(policy);
	ASSERT_TRUE(play(loop, {{[this] { return tree.state(9) == "offline"; },
				 [this] {
					 uevent(Uevent::Action::offline, 9);
					 onliner->look();
				 }},
				onlined(count),
				{[this] { return !onliner->busy(); }}}));
	EXPECT_EQ(standing(9), Standing::handled);
	EXPECT_EQ(tree.state(9), "online");
}

TEST_F(BorrowOfTree, ABlockInUseIsLeftAlone)
{
	tree.set_page_flags(9, 0, {uint64_t{1} << 5}); // on an LRU list
	run();
	EXPECT_TRUE(of_nine().empty());
}

TEST_F(BorrowOfTree, APoisonedBlockIsLeftAlone)
{
	tree.poison(9);
	run();
	EXPECT_TRUE(of_nine().empty());
}

TEST_F(BorrowOfTree, ABlockThatDoesNotGoIsTriedOnce)
{
	kernel.script(9, {"16"});
	run();
	EXPECT_EQ(of_nine(), (Nine{{0, "9 offline"}}));
	EXPECT_EQ(standing(9), Standing::handled);
}

TEST_F(BorrowOfTree, WhatAnotherTookOfflineStaysSo)
{
	kernel.script(9, {"other"});
	run();
	EXPECT_EQ(of_nine(), (Nine{{0, "9 offline"}}));
	EXPECT_EQ(tree.state(9), "offline");
	EXPECT_EQ(standing(9), Standing::deliberate);
}

TEST_F(BorrowOfTree, ABlockThatKeepsFailingDoesNotKeepItAway)
{
	kernel.script(first + 30, std::vector<std::string>(100, "12"));
	start(policy);
	ASSERT_TRUE(
		play(loop, {onlined(count - 1), {[this] { return tree.state(9) == "online"; }}}));
	EXPECT_EQ(onliner->pending(), 1u);
}

TEST_F(BorrowOfTree, WhatAPolicyWouldNotBringBackIsLeftAlone)
{
	OnlineRule boot;
	boot.source = Source::boot;
	boot.action = OnlineAction::kernel;
	policy.rules = {boot};
	run();
	EXPECT_TRUE(of_nine().empty());
}

} // namespace
} // namespace memhp
