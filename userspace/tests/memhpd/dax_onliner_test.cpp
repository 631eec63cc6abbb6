// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/dax_onliner.h"

#include <optional>

#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

/// dax0.0 has the blocks 40 and 41, which are offline.
class DaxOnlinerOfTree : public testing::Test
{
protected:
	DaxOnlinerOfTree()
	{
		tree.add(0, "online", "Normal");
		tree.add(40, "offline", "Movable Normal");
		tree.add(41, "offline", "Movable Normal");
		tree.add_dax("dax0.0", 40, 41, "offline");
		sysfs.emplace(std::move(Sysfs::open(tree.root()).value()));
		writer.emplace(loop, sysfs->root_fd());
		engine.emplace(loop, *sysfs, *writer);
		onliner.emplace(loop, *sysfs, *engine, [this] {
			if (onliner)
				pending.push_back(onliner->pending().size());
		});
	}

	void take()
	{
		onliner->take("dax0.0", {40, 41}, OnlineType::movable,
			      [this](const std::string &why) { failure = why; });
	}
	Scene ended()
	{
		return {[this] { return failure.has_value(); }};
	}
	void script(const std::string &words) const
	{
		tree.write("sys/devices/platform/dax0.0/script", words);
	}
	std::string state() const { return tree.read("sys/bus/dax/devices/dax0.0/state"); }

	MachineTree tree;
	FakeKernel kernel{tree};
	Loop loop;
	std::optional<Sysfs> sysfs;
	std::optional<Writer> writer;
	std::optional<Engine> engine;
	std::optional<DaxOnliner> onliner;
	std::optional<std::string> failure;
	std::vector<size_t> pending;
};

TEST_F(DaxOnlinerOfTree, GoesByWayOfUnpluggedAndTouchesNoBlock)
{
	EXPECT_TRUE(onliner->has_state("dax0.0"));
	take();
	ASSERT_TRUE(play(loop, {ended()}));
	EXPECT_EQ(*failure, "");
	EXPECT_EQ(kernel.writes(), (Lines{"dax0.0 unplugged", "dax0.0 online_movable"}));
	EXPECT_EQ(tree.state(40), "online");
	EXPECT_EQ(tree.read(MachineTree::dir(41) + "/valid_zones"), "Movable");
	EXPECT_EQ(pending, (std::vector<size_t>{1, 0})) << "on record before the first write";
}

TEST_F(DaxOnlinerOfTree, TriesAgainUntilItIsOnline)
{
	script("16\nok\n12\n12\nok\n");
	take();
	ASSERT_TRUE(play(loop, {ended()}));
	EXPECT_EQ(*failure, "");
	EXPECT_EQ(kernel.writes().size(), 5u);
	EXPECT_EQ(state(), "online_movable");
}

TEST_F(DaxOnlinerOfTree, GivesUpWhatCannotBe)
{
	script("ok\n22\n");
	take();
	ASSERT_TRUE(play(loop, {ended()}));
	EXPECT_NE(failure->find("online_movable"), std::string::npos) << *failure;
	EXPECT_TRUE(onliner->pending().empty());
}

TEST_F(DaxOnlinerOfTree, LeavesADeviceThatItsOwnerBeganToOnline)
{
	tree.write(MachineTree::dir(41) + "/state", "online\n");
	take();
	ASSERT_TRUE(play(loop, {ended()}));
	EXPECT_NE(failure->find("another program"), std::string::npos) << *failure;
	EXPECT_TRUE(kernel.writes().empty());
}

TEST_F(DaxOnlinerOfTree, ADeviceThatGoesIsOver)
{
	tree.remove("sys/devices/platform/dax0.0/state");
	EXPECT_FALSE(onliner->has_state("dax0.0"));
	EXPECT_FALSE(onliner->has_state(""));
	take();
	ASSERT_TRUE(play(loop, {ended()}));
	EXPECT_NE(*failure, "");
}

TEST_F(DaxOnlinerOfTree, EndsWhatACrashLeftUnplugged)
{
	tree.remove(MachineTree::dir(40));
	tree.remove(MachineTree::dir(41));
	tree.write("sys/devices/platform/dax0.0/state", "unplugged\n");
	onliner->resume({{"dax0.0", OnlineType::kernel}, {"dax7.0", OnlineType::movable}});
	ASSERT_TRUE(play(loop, {{[this] { return onliner->pending().empty(); }}}));
	EXPECT_EQ(kernel.writes(), Lines{"dax0.0 online_kernel"});
	EXPECT_EQ(tree.state(41), "online");
}

TEST_F(DaxOnlinerOfTree, ResumesNothingThatWasNotBegun)
{
	onliner->resume({{"dax0.0", OnlineType::kernel}});
	EXPECT_TRUE(onliner->pending().empty()) << "its blocks are there: the next look decides";
}

} // namespace
} // namespace memhp
