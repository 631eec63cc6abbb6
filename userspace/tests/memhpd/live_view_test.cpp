// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/live_view.h"

#include <gtest/gtest.h>

#include "core/memory/totals.h"
#include "tree.h"

namespace memhp
{
namespace
{

class LiveViewOfTree : public testing::Test
{
protected:
	LiveViewOfTree()
	{
		tree.add(0, "online", "Normal");
		tree.add(1, "online", "Movable");
		tree.add(2, "offline", "Movable Normal");
		scan();
	}

	void scan() { view.scanned(sysfs.scan().value(), Time(1000)); }
	void event(Uevent::Action action, uint64_t block) { view.on_uevent({action, block}); }
	void write(Change change, uint64_t block, bool reached, Zone zone = Zone::none)
	{
		Attempted attempted;
		attempted.block = block;
		attempted.outcome.reached = reached;
		attempted.zone = zone;
		view.attempted(change, attempted);
	}

	/// Blocks in a kernel zone, movable, neither, offline.
	std::vector<uint64_t> counts() const
	{
		Totals totals;
		for (const auto &[kind, blocks] : view.tally().kinds)
			totals.add(kind.state, kind.zone, blocks);
		return {totals.kernel, totals.movable, totals.other, totals.offline};
	}
	using Counts = std::vector<uint64_t>;

	MachineTree tree;
	Sysfs sysfs = std::move(Sysfs::open(tree.root()).value());
	LiveView view{sysfs};
};

TEST_F(LiveViewOfTree, FollowsOwnWritesWithoutALook)
{
	EXPECT_EQ(counts(), (Counts{1, 1, 0, 1}));
	write(Change::online, 2, true, Zone::movable);
	EXPECT_EQ(counts(), (Counts{1, 2, 0, 0}));
	write(Change::offline, 1, false, Zone::movable);
	EXPECT_EQ(counts(), (Counts{1, 2, 0, 0})) << "it failed";
	write(Change::offline, 1, true, Zone::movable);
	EXPECT_EQ(counts(), (Counts{1, 1, 0, 1}));
	EXPECT_EQ(view.doubts(), 0u);
}

TEST_F(LiveViewOfTree, LooksAtWhatEventsDoNotTell)
{
	tree.write(MachineTree::dir(2) + "/state", "online\n");
	tree.write(MachineTree::dir(2) + "/valid_zones", "Normal\n");
	event(Uevent::Action::online, 2);
	EXPECT_EQ(counts(), (Counts{1, 1, 1, 0}));
	EXPECT_EQ(view.doubts(), 1u);
	view.look();
	EXPECT_EQ(counts(), (Counts{2, 1, 0, 0}));
	EXPECT_EQ(view.doubts(), 0u);

	event(Uevent::Action::offline, 1);
	EXPECT_EQ(counts(), (Counts{2, 0, 0, 1}));
	event(Uevent::Action::other, 0);
	event(Uevent::Action::remove, 1);
	EXPECT_EQ(counts(), (Counts{2, 0, 0, 0}));
}

TEST_F(LiveViewOfTree, ANewBlockHasItsNodeOnceItIsLookedAt)
{
	tree.add(9, "offline", "Movable Normal", 1);
	event(Uevent::Action::add, 9);
	EXPECT_EQ(view.tally().kinds.begin()->first.node, std::nullopt);
	view.look();
	for (const auto &[kind, blocks] : view.tally().kinds)
		if (kind.node == 1) {
			EXPECT_EQ(kind.state, BlockState::offline);
			EXPECT_EQ(blocks, 1u);
			return;
		}
	FAIL() << "no block is on node 1";
}

TEST_F(LiveViewOfTree, WhatIsGoneWhenItIsLookedAtIsGone)
{
	event(Uevent::Action::add, 9);
	EXPECT_EQ(counts(), (Counts{1, 1, 0, 2}));
	view.look();
	EXPECT_EQ(counts(), (Counts{1, 1, 0, 1}));
}

TEST_F(LiveViewOfTree, ManyDoubtsTakeSeveralLooks)
{
	constexpr uint64_t many = 150;
	for (uint64_t number = 100; number < 100 + many; ++number) {
		tree.add(number, "online", "Movable");
		event(Uevent::Action::add, number);
	}
	view.look();
	EXPECT_GT(view.doubts(), 0u);
	EXPECT_LT(view.doubts(), many);
	for (int turn = 0; turn < 10; ++turn)
		view.look();
	EXPECT_EQ(view.doubts(), 0u);
	EXPECT_EQ(counts(), (Counts{1, 1 + many, 0, 1}));
}

TEST_F(LiveViewOfTree, LostEventsEndItUntilAllBlocksAreRead)
{
	EXPECT_EQ(view.verified(), Time(1000));
	view.on_lost();
	EXPECT_EQ(view.verified(), std::nullopt);
	tree.remove(MachineTree::dir(1));
	scan();
	EXPECT_EQ(view.verified(), Time(1000));
	EXPECT_EQ(counts(), (Counts{1, 0, 0, 1}));
}

} // namespace
} // namespace memhp
