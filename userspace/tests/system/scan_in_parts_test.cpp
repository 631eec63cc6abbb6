// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/scan_in_parts.h"

#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/memory/recall.h"
#include "system/memory/sysfs_private.h"
#include "tree.h"

namespace memhp
{
namespace
{

/// Blocks 0 to 99 of the boot, 200 to 299 of a DIMM; more than are read in a part.
class ScanInPartsOfTree : public testing::Test
{
protected:
	ScanInPartsOfTree()
	{
		for (uint64_t block = 0; block < 100; ++block)
			tree.add(block, "online", "Normal");
		for (uint64_t block = 200; block < 300; ++block)
			plug(block, 1);
		tree.write("sys/devices/system/node/node1/cpulist", "");
	}

	void plug(uint64_t block, int node)
	{
		tree.add(block, block % 2 ? "online" : "offline", "Movable", node);
		tree.own(block, "PNP0C80:01");
	}

	void unplug(uint64_t block)
	{
		tree.remove(MachineTree::dir(block));
		for (const int node : {0, 1})
			tree.remove(fmt::format("{}/node{}/memory{}", node_dir, node, block));
	}

	static std::string text(const std::vector<Block> &blocks)
	{
		std::string text;
		for (const auto &block : blocks)
			text += fmt::format("{} {} {} {} {} {} {}\n", block.number,
					    to_string(block.state), to_string(block.zone),
					    to_string(block.source), block.device,
					    block.node.value_or(-1), block.inode);
		return text;
	}
	/// At once.
	std::string all() const { return text(sysfs.scan({.candidates = false}).value()); }

	/// A part; true once that was the last.
	bool part(ScanInParts &scan)
	{
		++parts;
		return scan
			.go_on([] { return true; },
			       [this, &scan] {
				       if (std::exchange(lost, false))
					       scan.lost();
				       for (const auto block : std::exchange(events, {}))
					       scan.touched(block);
			       })
			.value();
	}
	std::string finish(ScanInParts &scan)
	{
		while (!part(scan))
			;
		return text(scan.take());
	}

	MachineTree tree;
	Sysfs sysfs = std::move(Sysfs::open(tree.root()).value());
	std::vector<uint64_t> events;
	bool lost = false;
	int parts = 0;
};

TEST_F(ScanInPartsOfTree, GivesWhatAScanGives)
{
	ScanInParts scan(sysfs);
	EXPECT_EQ(finish(scan), all());
	EXPECT_GT(parts, 200 / 32);

	ScanInParts whole(sysfs);
	EXPECT_TRUE(whole.go_on([] { return false; }, [] {}).value());
	EXPECT_EQ(text(whole.take()), all());
}

TEST_F(ScanInPartsOfTree, ListsWhatIsThere)
{
	for (uint64_t block = 1000; block < 1500; ++block)
		tree.make_directory(MachineTree::dir(block));
	ListInParts list(sysfs);
	EXPECT_FALSE(list.go_on([] { return true; }).value()) << "in more than one part";
	while (!list.go_on([] { return true; }).value())
		;
	EXPECT_EQ(list.take(), sysfs.numbers().value());
	ListInParts whole(sysfs);
	EXPECT_TRUE(whole.go_on([] { return false; }).value());
	EXPECT_EQ(whole.take(), sysfs.numbers().value());
}

/// Whatever an event tells of between two parts, whichever they are.
TEST_F(ScanInPartsOfTree, ReadsAgainWhatAnEventTouches)
{
	ScanInParts first(sysfs);
	finish(first);
	const int most = parts;
	for (int when = 0; when < most; ++when) {
		const auto block = static_cast<uint64_t>(1000 + when);
		ScanInParts scan(sysfs);
		for (int i = 0; i < when; ++i)
			ASSERT_FALSE(part(scan));
		plug(block, 1);
		unplug(3);
		tree.add(3, "offline", "Movable");
		tree.write(MachineTree::dir(201) + "/state", when % 2 ? "offline\n" : "online\n");
		unplug(block - 1);
		events = {block, 3, 3, 201, block - 1};
		EXPECT_EQ(finish(scan), all()) << when;
	}
}

TEST_F(ScanInPartsOfTree, TakesFromRecallWhatNothingHasHappenedTo)
{
	auto blocks = sysfs.scan({.candidates = false}).value();
	Recall recall;
	recall.fill(blocks);
	tree.write(MachineTree::dir(200) + "/state", "online\n");
	tree.write(MachineTree::dir(201) + "/state", "offline\n");
	recall.touched(201);
	ScanInParts scan(sysfs, &recall);
	for (auto &block : blocks)
		if (block.number == 201) {
			block.state = BlockState::offline;
			block.zone = Zone::none;
		}
	EXPECT_EQ(finish(scan), text(blocks)) << "200 was not read";
}

TEST_F(ScanInPartsOfTree, BeginsAnewAfterLostEventsAndThenReadsAllAtOnce)
{
	ScanInParts scan(sysfs);
	while (parts < 6)
		ASSERT_FALSE(part(scan));
	tree.write(MachineTree::dir(1) + "/state", "offline\n");
	plug(400, 0);
	scan.lost();
	ASSERT_FALSE(part(scan)) << "in parts again";
	while (parts < 12)
		ASSERT_FALSE(part(scan));
	tree.write(MachineTree::dir(2) + "/state", "offline\n");
	unplug(400);
	scan.lost();
	EXPECT_TRUE(part(scan)) << "all at once";
	EXPECT_EQ(text(scan.take()), all());
}

TEST_F(ScanInPartsOfTree, BeginsAnewWhereTheLastEventsWereLost)
{
	ScanInParts scan(sysfs);
	for (int i = 0; i < 8; ++i)
		ASSERT_FALSE(part(scan));
	tree.write(MachineTree::dir(1) + "/state", "offline\n");
	lost = true;
	EXPECT_EQ(finish(scan), all());
}

TEST_F(ScanInPartsOfTree, FailsAsAScanDoes)
{
	tree.remove(MachineTree::dir(50) + "/state");
	tree.make_directory(MachineTree::dir(50) + "/state");
	const auto wanted = sysfs.scan({.candidates = false});
	ASSERT_FALSE(wanted);
	ScanInParts scan(sysfs);
	const auto got = scan.go_on([] { return false; }, [] {});
	ASSERT_FALSE(got);
	EXPECT_EQ(got.error().message, wanted.error().message);
}

} // namespace
} // namespace memhp
