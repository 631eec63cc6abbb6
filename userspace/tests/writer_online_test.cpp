// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include <fcntl.h>

#include <gtest/gtest.h>

#include "play.h"
#include "system/writer.h"
#include "tree.h"

namespace memhp
{
namespace
{

constexpr Time never = std::chrono::hours(1);

/// Blocks 40 to 44, offline, under a kernel.
class WriterOfBlocks : public testing::Test
{
protected:
	WriterOfBlocks()
	{
		for (uint64_t block = 40; block < 45; ++block)
			tree.add(block, "offline", "Movable Normal");
	}

	void online(const std::vector<uint64_t> &blocks,
		    const std::string &value = "online_movable", Time deadline = never)
	{
		writer.online(blocks, value, deadline,
			      [this](const std::vector<Writer::Onlined> &ended,
				     const Writer::Outcome &order) {
				      for (const auto &one : ended)
					      results.push_back(one);
				      outcomes.push_back(order);
			      });
	}
	Scene after(
		size_t count, std::function<void()> then = [] {})
	{
		return {[this, count] { return outcomes.size() >= count; }, std::move(then)};
	}
	/// The numbers of the blocks that were tried.
	std::vector<uint64_t> tried() const
	{
		std::vector<uint64_t> blocks;
		for (const auto &one : results)
			blocks.push_back(one.block);
		return blocks;
	}

	using Blocks = std::vector<uint64_t>;
	using Lines = std::vector<std::string>;

	MachineTree tree;
	FakeKernel kernel{tree};
	Fd root{open(tree.root().c_str(), O_PATH | O_DIRECTORY)};
	Loop loop;
	Writer writer{loop, root.get(), never};
	std::vector<Writer::Onlined> results;
	std::vector<Writer::Outcome> outcomes;
};

TEST_F(WriterOfBlocks, OnlinesAListInItsOrder)
{
	online({42, 40, 41});
	EXPECT_EQ(writer.onlining().value_or(0), 42u);
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(kernel.writes(),
		  (Lines{"42 online_movable", "40 online_movable", "41 online_movable"}));
	EXPECT_EQ(tried(), (Blocks{42, 40, 41}));
	for (const auto &one : results) {
		EXPECT_TRUE(one.wrote);
		EXPECT_EQ(one.write_error, 0);
		EXPECT_EQ(one.state, BlockState::online);
		EXPECT_EQ(one.zone, Zone::movable);
	}
	EXPECT_EQ(outcomes[0].error, 0);
	EXPECT_EQ(writer.onlining(), std::nullopt);
}

TEST_F(WriterOfBlocks, ReadsTheZoneWhereTheKernelChoseIt)
{
	online({40, 41}, "online");
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(results[0].zone, Zone::normal);
	EXPECT_EQ(results[1].zone, Zone::normal);
}

TEST_F(WriterOfBlocks, BehindOneThatIsNotWhereItShouldBeTheZoneIsReadAgain)
{
	kernel.script(40, {"kernel"});
	kernel.script(41, {"kernel"});
	online({40, 41, 42});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(results[0].zone, Zone::normal);
	EXPECT_EQ(results[1].zone, Zone::normal);
	EXPECT_EQ(results[2].zone, Zone::movable);
}

TEST_F(WriterOfBlocks, DoesNotWriteWhatIsOnline)
{
	tree.overwrite(MachineTree::dir(40) + "/state", "online");
	tree.overwrite(MachineTree::dir(40) + "/valid_zones", "Normal");
	online({40, 41});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(kernel.writes(), Lines{"41 online_movable"});
	EXPECT_FALSE(results[0].wrote);
	EXPECT_EQ(results[0].state, BlockState::online);
	EXPECT_EQ(results[0].zone, Zone::normal) << "not the one that was wanted";
}

TEST_F(WriterOfBlocks, AFailedWriteIsReadBack)
{
	kernel.script(40, {"kernel"});
	online({40, 41});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(results[0].write_error, EINVAL);
	EXPECT_EQ(results[0].state, BlockState::online) << "somebody else did it";
	EXPECT_EQ(results[0].zone, Zone::normal);
	EXPECT_EQ(tried(), (Blocks{40, 41}));
}

TEST_F(WriterOfBlocks, EndsAtTheFirstThatDoesNotGetOnline)
{
	kernel.script(41, {"12"});
	online({40, 41, 42});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(tried(), (Blocks{40, 41}));
	EXPECT_EQ(results[1].write_error, ENOMEM);
	EXPECT_EQ(results[1].state, BlockState::offline);
	EXPECT_EQ(tree.state(42), "offline");
}

TEST_F(WriterOfBlocks, ABlockThatIsGoneIsNotWritten)
{
	tree.remove(MachineTree::dir(40));
	online({40, 41});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(tried(), Blocks{40});
	EXPECT_EQ(results[0].read_error, ENOENT);
	EXPECT_FALSE(results[0].wrote);
	EXPECT_TRUE(kernel.writes().empty());
}

TEST_F(WriterOfBlocks, WhatWasDoneBeforeAHungBlockIsKnown)
{
	kernel.script(42, {"hang"});
	online({40, 41, 42, 43}, "online_movable", Time(100));
	ASSERT_TRUE(play(loop, {after(1, [&] { online({43}); }), after(2)}));
	EXPECT_TRUE(outcomes[0].killed);
	EXPECT_EQ(outcomes[0].error, EINTR);
	EXPECT_EQ(tried(), (Blocks{40, 41, 43})) << "42 was not complete";
	EXPECT_EQ(outcomes[1].error, 0) << "a new process carries on";
}

TEST_F(WriterOfBlocks, AListEndsWhenItsTimeIsUp)
{
	Writer brief(loop, root.get(), std::chrono::nanoseconds(0));
	std::vector<size_t> ended;
	const auto done = [&](const std::vector<Writer::Onlined> &results_of,
			      const Writer::Outcome &) { ended.push_back(results_of.size()); };
	brief.online({40, 41, 42}, "online_movable", never, done);
	const auto rest = [&] { brief.online({41, 42}, "online_movable", never, done); };
	ASSERT_TRUE(play(loop, {{[&] { return ended.size() == 1; }, rest},
				{[&] { return ended.size() == 2; }}}));
	EXPECT_EQ(ended, (std::vector<size_t>{1, 1}));
	EXPECT_EQ(tree.state(42), "offline");
}

} // namespace
} // namespace memhp
