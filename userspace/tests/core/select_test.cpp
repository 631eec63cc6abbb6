// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <gtest/gtest.h>

#include "blocks.h"
#include "core/offline/select.h"

namespace memhp
{
namespace
{

using Words = std::vector<std::string>;
using Numbers = std::vector<uint64_t>;

constexpr uint64_t block_size = uint64_t{128} << 20;

Block of_device(Block block, Source source, std::string device)
{
	block.source = source;
	block.device = std::move(device);
	return block;
}

/// Node 0: 0-3 Normal, 8-11 Movable of a DIMM. Node 1: 32-35 offline of a DIMM, 40-43 Movable of
/// a virtio-mem device, 44 offline.
std::vector<Block> machine()
{
	std::vector<Block> blocks;
	for (const auto number : count(0, 3))
		blocks.push_back(
			of_device(online_block(number, Zone::normal), Source::boot, "PNP0C80:00"));
	for (const auto number : count(8, 11))
		blocks.push_back(of_device(online_block(number), Source::acpi_dimm, "PNP0C80:01"));
	for (const auto number : count(32, 35))
		blocks.push_back(
			of_device(offline_block(number, 1), Source::acpi_dimm, "PNP0C80:02"));
	for (const auto number : count(40, 43))
		blocks.push_back(of_device(online_block(number, Zone::movable, 1),
					   Source::virtio_mem, "virtio0"));
	blocks.push_back(of_device(offline_block(44, 1), Source::virtio_mem, "virtio0"));
	return blocks;
}

Target target_of(const Words &words)
{
	auto target = parse_target(words);
	EXPECT_TRUE(target) << target.error().message;
	return target.value_or(Target());
}

Numbers matched(const Words &words)
{
	Numbers numbers;
	const auto blocks = match(target_of(words), machine(), block_size);
	EXPECT_TRUE(blocks) << blocks.error().message;
	for (const auto &block : blocks.value_or(std::vector<Block>()))
		numbers.push_back(block.number);
	return numbers;
}

std::string refusal(const Words &words)
{
	const auto blocks = match(target_of(words), machine(), block_size);
	EXPECT_FALSE(blocks) << words.front();
	return blocks ? "" : blocks.error().message;
}

Result<Selection> offline(const Words &words, bool force = false)
{
	return select_offline(target_of(words), machine(), block_size, force);
}

Result<Selection> online(const Words &words, OnlineType type = OnlineType::movable)
{
	return select_online(target_of(words), machine(), block_size, type);
}

bool says(const Result<Selection> &selection, std::string_view text)
{
	return !selection && selection.error().message.find(text) != std::string::npos;
}

TEST(Match, WordsOfOneKindAddUp)
{
	EXPECT_EQ(matched({"0", "2-3"}), (Numbers{0, 2, 3}));
	EXPECT_EQ(matched({"2-3,0"}), (Numbers{0, 2, 3}));
	EXPECT_EQ(matched({"zone:movable", "zone:normal"}).size(), 12u);
	EXPECT_EQ(matched({"device:virtio0", "device:PNP0C80:02"}).size(), 9u);
	EXPECT_EQ(matched({"node:0", "node:1"}).size(), machine().size());
}

TEST(Match, DifferentKindsNarrowEachOtherDown)
{
	EXPECT_EQ(matched({"node:0", "zone:movable"}), count(8, 11));
	EXPECT_EQ(matched({"node:1", "8-34"}), count(32, 34));
	EXPECT_EQ(matched({"device:virtio0", "zone:movable"}), count(40, 43));
	EXPECT_EQ(matched({"all", "node:0", "0-8"}), (Numbers{0, 1, 2, 3, 8}));
	EXPECT_EQ(matched({"0x0-0x7ffffff", "0-3"}), Numbers{0});
}

TEST(Match, AddressesNameTheBlocksThatHoldThem)
{
	EXPECT_EQ(matched({"0x100000000-0x10fffffff"}), (Numbers{32, 33}));
	EXPECT_EQ(matched({"0x100000001"}), Numbers{32});
	EXPECT_EQ(matched({"0x107ffffff"}), Numbers{32});
	EXPECT_EQ(matched({"0x108000000"}), Numbers{33});
}

TEST(Match, RefusesWhatIsNotThere)
{
	EXPECT_NE(refusal({"5"}).find("memory block 5 does not exist; present: 0-3,8-11,32-35"),
		  std::string::npos);
	EXPECT_NE(refusal({"0", "5"}).find("block 5"), std::string::npos);
	EXPECT_NE(refusal({"4-7"}).find("no memory block in 4-7"), std::string::npos);
	EXPECT_NE(refusal({"0x20000000"}).find("no memory block at"), std::string::npos);
	EXPECT_NE(refusal({"node:7"}).find("no memory block matches 'node:7'"), std::string::npos);
	EXPECT_NE(refusal({"zone:movable", "0-3"}).find("no memory block matches"),
		  std::string::npos);
	EXPECT_NE(refusal({"device:PNP0C80"}).find("no memory block matches"), std::string::npos);
}

TEST(Match, RefusesAnAddressRangeThatCutsABlockAndNamesTheWholeOnes)
{
	const auto message = refusal({"0x100000000-0x100000fff"});
	EXPECT_NE(message.find("cuts a block in two"), std::string::npos) << message;
	EXPECT_NE(message.find("0x100000000-0x107ffffff"), std::string::npos) << message;
	EXPECT_NE(refusal({"0x100000001-0x107ffffff"}).find("cuts a block"), std::string::npos);
}

TEST(SelectOffline, TakesMovableBeforeKernelZonesAndTheHighestFirst)
{
	const auto selection = offline({"node:0"});
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->goal, 8u);
	EXPECT_EQ(selection->blocks, (Numbers{9, 11, 10, 8, 1, 3, 2, 0}));
}

TEST(SelectOffline, TakesMovableFirstWhereverTheKernelZoneLies)
{
	const std::vector<Block> blocks = {online_block(1), online_block(2),
					   online_block(3, Zone::normal)};
	const auto selection = select_offline(target_of({"128M"}), blocks, block_size, false);
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->blocks, (Numbers{2, 1}));
}

TEST(SelectOffline, NamesWhatIsOfflineAlready)
{
	const auto selection = offline({"8", "32-33"});
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->blocks, Numbers{8});
	EXPECT_EQ(selection->already, (Numbers{32, 33}));
	EXPECT_EQ(selection->goal, 1u);
}

TEST(SelectOffline, ASizeTakesTheBestAndKeepsTheRestInReserve)
{
	const auto selection = offline({"256M"});
	ASSERT_TRUE(selection) << selection.error().message;
	EXPECT_EQ(selection->goal, 2u);
	EXPECT_EQ(selection->blocks, (Numbers{10, 11, 9, 8, 3, 2, 1}))
		<< "what stands in is never the last memory of a node";
	EXPECT_EQ(selection->left_to_host, count(40, 43));
}

TEST(ChoiceOf, OnlyWhatAPartOfIsWanted)
{
	std::vector<Block> all;
	for (const auto number : count(0, 3))
		all.push_back(online_block(number, Zone::normal));
	for (const auto number : count(32, 35))
		all.push_back(online_block(number));
	const struct {
		const char *what;
		size_t wanted;
		std::vector<uint64_t> blocks;
		size_t goal;
	} cases[] = {
		{"some of the movable ones", 3, {32, 33, 34, 35}, 3},
		{"all movable ones", 4, {}, 0},
		{"some of the others too", 6, {1, 2, 3}, 2},
		{"all", 8, {}, 0},
	};
	for (const auto &one : cases) {
		const auto size = std::to_string(one.wanted * 128) + "M";
		const auto selection =
			select_offline(parse_target({size}).value(), all, block_size, false);
		ASSERT_TRUE(selection) << one.what;
		auto choice = choice_of(*selection, all);
		std::sort(choice.blocks.begin(), choice.blocks.end());
		EXPECT_EQ(choice.blocks, one.blocks) << one.what;
		EXPECT_EQ(choice.goal, one.goal) << one.what;
	}
}

TEST(SelectOffline, RefusesASizeThatDoesNotFit)
{
	EXPECT_TRUE(says(offline({"200M"}), "no multiple of the memory block size, 128M"));
	EXPECT_TRUE(says(offline({"4G"}), "only 1G of it is online"));
}

TEST(SelectOffline, LeavesVirtioMemToTheHost)
{
	const auto all = offline({"all"});
	ASSERT_TRUE(all);
	EXPECT_EQ(all->left_to_host, count(40, 43));
	EXPECT_EQ(all->goal, 8u);

	EXPECT_TRUE(says(offline({"node:1"}), "only the host can take them back"));
	EXPECT_TRUE(says(offline({"device:virtio0"}), "--force"));
	EXPECT_TRUE(says(offline({"40"}, true), "name the device")) << "force alone is not enough";
}

TEST(SelectOffline, TakesVirtioMemWhereItIsNamedAndForced)
{
	const auto selection = offline({"device:virtio0"}, true);
	ASSERT_TRUE(selection) << selection.error().message;
	EXPECT_EQ(selection->blocks, (Numbers{41, 43, 42, 40}));
	EXPECT_TRUE(selection->left_to_host.empty());
	EXPECT_EQ(selection->already, Numbers{44});
}

/// While a request runs, its block reads going-offline and is in no zone that a scan could tell.
TEST(SelectOffline, CopesWithABlockThatIsJustChanging)
{
	auto blocks = machine();
	blocks[4].state = BlockState::going_offline;
	blocks[4].zone = Zone::none;
	const auto selection = select_offline(target_of({"8-11"}), blocks, block_size, false);
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->goal, 4u);
	EXPECT_EQ(selection->blocks, (Numbers{10, 11, 9, 8}));
}

TEST(SelectOffline, AlreadyDoneIsNoFailure)
{
	const auto selection = offline({"32-35"});
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->goal, 0u);
	EXPECT_TRUE(selection->blocks.empty());
}

/// A node 1 of blocks 40 to 43 that somebody names, beside node 0 with 8 to 11.
class ClaimedNode : public testing::Test
{
protected:
	ClaimedNode()
	{
		for (const auto number : count(8, 11))
			blocks.push_back(online_block(number));
		for (const auto number : count(40, 43))
			blocks.push_back(online_block(number, Zone::movable, 1));
		evidence.claimed[1] = "cpuset /sys/fs/cgroup/db";
	}

	Result<Selection> offline(const Words &words, bool force = false) const
	{
		return select_offline(target_of(words), blocks, block_size, force, evidence);
	}

	std::vector<Block> blocks;
	Evidence evidence;
};

TEST_F(ClaimedNode, DoesNotLoseItsLastMemory)
{
	for (const Words &words : {Words{"node:1"}, {"40-43"}, {"all"}, {"512M", "node:1"}}) {
		const auto refused = offline(words);
		EXPECT_TRUE(says(refused, "node 1 would be left without memory")) << words[0];
		EXPECT_TRUE(says(refused, "named by cpuset /sys/fs/cgroup/db")) << words[0];
		EXPECT_TRUE(says(refused, "--force")) << words[0];
		EXPECT_TRUE(offline(words, true)) << words[0];
	}
	EXPECT_TRUE(offline({"41-43"}));
	EXPECT_TRUE(offline({"node:0"})) << "nobody names it";
	EXPECT_TRUE(offline({"384M", "node:1"}));
}

TEST_F(ClaimedNode, MemoryThatIsOfflineIsNone)
{
	blocks.back().state = BlockState::offline;
	EXPECT_TRUE(says(offline({"40-42"}), "node 1 would be left"));
	blocks[6].state = BlockState::offline;
	blocks[5].state = BlockState::offline;
	blocks[4].state = BlockState::offline;
	EXPECT_TRUE(offline({"node:1"})) << "it has none already";
}

TEST_F(ClaimedNode, ASizeTakesOtherMemoryInstead)
{
	const auto selection = offline({"512M"});
	ASSERT_TRUE(selection) << selection.error().message;
	EXPECT_EQ(selection->goal, 4u);
	auto taken = wanted(*selection);
	std::sort(taken.begin(), taken.end());
	EXPECT_EQ(taken, (Numbers{11, 41, 42, 43}));
	EXPECT_EQ(offline({"512M"}, true)->blocks.front(), 41u) << "all of node 1, in its order";
	EXPECT_EQ(wanted(*offline({"512M"}, true)).size(), 4u);
	EXPECT_TRUE(says(offline({"1G"}), "node 1 would be left without memory"));
}

TEST_F(ClaimedNode, ASizeThatWouldEmptyAnotherOneInsteadIsRefused)
{
	evidence.claimed[0] = "process 7 (db, bound memory)";
	EXPECT_TRUE(offline({"768M"}));
	EXPECT_TRUE(says(offline({"896M"}), "would be left without memory"));
}

TEST_F(ClaimedNode, WhatStandsInTakesTheLastMemoryOfNoNode)
{
	evidence.claimed.clear();
	const auto selection = offline({"128M"});
	ASSERT_TRUE(selection);
	auto all = selection->blocks;
	std::sort(all.begin(), all.end());
	EXPECT_EQ(all, (Numbers{9, 10, 11, 41, 42, 43}));
	EXPECT_EQ(offline({"128M"}, true)->blocks.size(), 8u);
}

TEST(SelectOnline, TakesOfflineBlocksInTheOrderThatKeepsTheHole)
{
	const auto selection = online({"32-35"});
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->goal, 4u);
	EXPECT_EQ(selection->blocks, (Numbers{32, 34, 35, 33})) << "below 40-43 of that zone";
	// Block 3 is in node 0: in node 1's kernel zone these are the first.
	EXPECT_EQ(online({"32-35"}, OnlineType::kernel)->blocks, (Numbers{32, 34, 35, 33}));
}

TEST(SelectOnline, ASizeTakesTheLowestAndKeepsTheRestInReserve)
{
	const auto selection = online({"384M"});
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->goal, 3u);
	EXPECT_EQ(selection->blocks, (Numbers{32, 34, 33, 35, 44}));
}

TEST(SelectOnline, NamesWhatIsOnlineAlready)
{
	const auto selection = online({"11,32"});
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->blocks, Numbers{32});
	EXPECT_EQ(selection->already, Numbers{11});
}

TEST(SelectOnline, RefusesASizeThatDoesNotFit)
{
	EXPECT_TRUE(says(online({"4G"}), "only 640M of it is offline"));
	EXPECT_TRUE(says(online({"100M"}), "no multiple"));
}

TEST(ArrangeOnline, OrdersEachNodeOnItsOwn)
{
	std::vector<Block> all = {online_block(10), online_block(50, Zone::movable, 1)};
	std::vector<Block> chosen;
	for (const auto number : count(11, 13))
		chosen.push_back(offline_block(number, 0));
	for (const auto number : count(60, 62))
		chosen.push_back(offline_block(number, 1));
	all.insert(all.end(), chosen.begin(), chosen.end());
	EXPECT_EQ(arrange_online(chosen, all, OnlineType::movable).blocks,
		  (Numbers{12, 13, 11, 61, 62, 60}));
}

/// Movable blocks below say nothing of the kernel zone in which these will be.
TEST(ArrangeOnline, LooksAtTheZoneThatTheBlocksGoTo)
{
	std::vector<Block> all = {online_block(10, Zone::movable)};
	std::vector<Block> chosen;
	for (const auto number : count(11, 13))
		chosen.push_back(offline_block(number));
	EXPECT_EQ(arrange_online(chosen, all, OnlineType::kernel).blocks, (Numbers{11, 13, 12}));
	EXPECT_EQ(arrange_online(chosen, all, OnlineType::by_default).blocks,
		  (Numbers{12, 13, 11}));
}

} // namespace
} // namespace memhp
