// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "play.h"
#include "system/offline/writer.h"
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
		writer.change(blocks, value, deadline, each, done);
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
	std::vector<Writer::Changed> results;
	std::vector<Writer::Outcome> outcomes;
	Writer::Each each = [this](const Writer::Changed &one) { results.push_back(one); };
	Writer::Done done = [this](const Writer::Outcome &order) { outcomes.push_back(order); };
};

TEST_F(WriterOfBlocks, OnlinesAListInItsOrder)
{
	online({42, 40, 41});
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
	EXPECT_EQ(writer.changing(), std::nullopt);
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

TEST_F(WriterOfBlocks, OfflinesAListAndTellsWhereTheBlocksWere)
{
	online({40, 41, 42});
	ASSERT_TRUE(play(loop, {after(1,
				      [&] {
					      results.clear();
					      online({43, 42, 40}, "offline");
				      }),
				after(2)}));
	EXPECT_EQ(tried(), (Blocks{43, 42, 40}));
	EXPECT_FALSE(results[0].wrote) << "it was offline";
	for (const size_t at : {1, 2}) {
		EXPECT_TRUE(results[at].wrote);
		EXPECT_EQ(results[at].state, BlockState::offline);
		EXPECT_EQ(results[at].zone, Zone::movable);
	}
	EXPECT_EQ(tree.state(41), "online");
}

TEST_F(WriterOfBlocks, AWriteThatGetsOnHasMoreTime)
{
	kernel.script(40, {"hang"});
	int asked = 0;
	writer.change({40}, "online_movable", Time(20), each, done,
		      Writer::Extension{Time(5), never, [&] { return ++asked < 20; }});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_TRUE(outcomes[0].killed);
	EXPECT_EQ(asked, 20) << "as long as it got on";
}

TEST_F(WriterOfBlocks, ButNotForEver)
{
	kernel.script(40, {"hang"});
	writer.change({40}, "online_movable", Time(5), each, done,
		      Writer::Extension{Time(5), Time(50), [] { return true; }});
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_TRUE(outcomes[0].killed);
	EXPECT_GE(outcomes[0].took, Time(50));
}

TEST_F(WriterOfBlocks, AListEndsWhenItsTimeIsUp)
{
	Writer brief(loop, root.get(), std::chrono::nanoseconds(0));
	brief.change({40, 41, 42}, "online_movable", never, each, done);
	const auto rest = [&] { brief.change({41, 42}, "online_movable", never, each, done); };
	ASSERT_TRUE(play(loop, {after(1, rest), after(2)}));
	EXPECT_EQ(tried(), (Blocks{40, 41}));
	EXPECT_EQ(tree.state(42), "offline");
}

TEST_F(WriterOfBlocks, AListThatHasEndedCannotBeInterrupted)
{
	const auto process = [] {
		pid_t pid = 0;
		std::ifstream("/proc/self/task/" + std::to_string(gettid()) + "/children") >> pid;
		return pid;
	};
	const auto before = process();
	each = [this](const Writer::Changed &) {
		EXPECT_FALSE(writer.busy());
		writer.interrupt();
	};
	online({40, 41});
	ASSERT_TRUE(play(loop, {after(1, [&] { online({42}); }), after(2)}));
	EXPECT_FALSE(outcomes[1].killed);
	EXPECT_EQ(process(), before) << "the same one";
}

TEST_F(WriterOfBlocks, WhatIsDoneIsToldBeforeASlowBlockEnds)
{
	Writer brief(loop, root.get(), std::chrono::milliseconds(200));
	kernel.script(41, {"hang"});
	brief.change({40, 41}, "online_movable", never, each, done);
	const auto told = [this] { return results.size() == 1; };
	const auto end = [&] {
		EXPECT_EQ(brief.changing(), 41u);
		brief.interrupt();
	};
	ASSERT_TRUE(play(loop, {{told, end}, after(1)}));
	EXPECT_EQ(tried(), Blocks{40}) << "once";
	EXPECT_TRUE(outcomes[0].killed);
}

} // namespace
} // namespace memhp
