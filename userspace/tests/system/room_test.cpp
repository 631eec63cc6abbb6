// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/room.h"

#include <fcntl.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "system/memory/page_size.h"
#include "tree.h"

namespace memhp
{
namespace
{

/// Two nodes with memory, a third without.
class RoomOfTree : public testing::Test
{
protected:
	RoomOfTree()
	{
		add_node(0, 4096, 1024);
		add_node(1, 8192, 0);
		tree.write(nodes + "2/meminfo", "Node 2 MemTotal:       0 kB\n");
		tree.write("proc/meminfo",
			   "MemTotal: 65536 kB\nSwapFree: 512 kB\nCmaTotal: 0 kB\n");
	}

	void add_node(int node, uint64_t free_kib, uint64_t file_kib)
	{
		tree.write(fmt::format("{}{}/meminfo", nodes, node),
			   fmt::format("Node {0} MemTotal:   32768 kB\nNode {0} MemFree:  {1} kB\n"
				       "Node {0} Active(file):  {2} kB\n"
				       "Node {0} Inactive(file):  {2} kB\n",
				       node, free_kib, file_kib));
	}

	/// Free huge pages in the pool of a node.
	void add_pool(int node, uint64_t kib, uint64_t free)
	{
		tree.write(fmt::format("{}{}/hugepages/hugepages-{}kB/free_hugepages", nodes, node,
				       kib),
			   fmt::format("{}\n", free));
	}

	Room room(std::optional<int> node)
	{
		const auto found = read_room(root.get(), node);
		EXPECT_TRUE(found);
		return found.value_or(Room());
	}

	const std::string nodes = "sys/devices/system/node/node";
	Tree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
};

TEST_F(RoomOfTree, IsOnTheOtherNodesAndInSwap)
{
	EXPECT_EQ(room(1).bytes, (4096 + 2 * 1024 + 512) << 10);
	EXPECT_EQ(room(0).bytes, (8192 + 512) << 10);
	EXPECT_EQ(room(std::nullopt).bytes, (4096 + 2 * 1024 + 8192 + 512) << 10)
		<< "a block of several nodes";
}

TEST_F(RoomOfTree, OfTheOnlyNodeIsItsOwn)
{
	EXPECT_TRUE(room(0).elsewhere);
	tree.remove(nodes + "1");
	EXPECT_FALSE(room(0).elsewhere);
	EXPECT_EQ(room(0).bytes, (4096 + 2 * 1024 + 512) << 10);
}

TEST_F(RoomOfTree, IsLessWhatIsKeptForEmergencies)
{
	tree.write(nodes + "0/meminfo",
		   "Node 0 MemTotal: 32768 kB\nNode 0 MemFree: 4096 kB\n"
		   "Node 0 KReclaimable: 300 kB\nNode 0 SReclaimable: 200 kB\n");
	tree.write(collected_page_size, "4096\n");
	// Of the second zone less is free than is kept; the boost of the third passes.
	tree.write("proc/zoneinfo", "Node 0, zone   DMA\n  pages free 500\n        min 100\n"
				    "        present 600\n        managed 600\n"
				    "    cpu: 0\n              count: 3\n"
				    "    cpu: 1\n              count: 4\n"
				    "Node 0, zone   Normal\n  pages free 10\n        min 50\n"
				    "Node 0, zone   Movable\n  pages free 90\n        boost 30\n"
				    "        min 50\n"
				    "Node 1, zone   Normal\n  pages free 2000\n        min 1000\n"
				    "        present 7000\n        managed 7592\n");
	EXPECT_EQ(room(1).bytes, (4096 + 300 + 512 + 4 * (3 + 4 - 100 - 10 - 20)) << 10);
	tree.remove(nodes + "1");
	EXPECT_EQ(room(0).bytes, (4096 + 300 + 512 + 4 * (3 + 4)) << 10)
		<< "the block itself may have it";
}

TEST_F(RoomOfTree, OfHugePagesIsInPoolsAndInLargeFreePieces)
{
	tree.write(collected_page_size, "4096\n");
	add_pool(0, 2048, 5);
	add_pool(0, 1048576, 1);
	add_pool(1, 2048, 70);
	tree.write("sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "2\n");
	tree.write("sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages", "3\n");
	// Orders 0 to 10, of which 9 is one huge page and 10 are two.
	tree.write("proc/buddyinfo",
		   "Node 0, zone      DMA      9      9      9      9      9      9      9      9 "
		   "     9      1      0\n"
		   "Node 0, zone   Normal      0      0      0      0      0      0      0      0 "
		   "     0      3      4\n"
		   "Node 1, zone  Movable      0      0      0      0      0      0      0      0 "
		   "     0      0    100\n");
	auto huge = room(1).huge.at(2 << 20);
	EXPECT_EQ(huge.pool, 5u);
	EXPECT_EQ(huge.pieces, 1u + 3u + 2u * 4u);
	EXPECT_EQ(huge.spare, 5u + 70u - 2u);
	EXPECT_FALSE(huge.gigantic);
	const auto gigantic = room(1).huge.at(1 << 30);
	EXPECT_TRUE(gigantic.gigantic);
	EXPECT_EQ(gigantic.pool, 1u);
	EXPECT_EQ(gigantic.pieces, 0u);
	EXPECT_EQ(gigantic.spare, 0u) << "all are reserved";
	huge = room(0).huge.at(2 << 20);
	EXPECT_EQ(huge.pool, 70u);
	EXPECT_EQ(huge.pieces, 200u);
	EXPECT_EQ(huge.spare, 73u);
	EXPECT_EQ(room(0).huge.at(1 << 30).pool, 0u);
}

TEST_F(RoomOfTree, APoolThatCannotBeReadIsNotAnEmptyOne)
{
	tree.write(collected_page_size, "4096\n");
	add_pool(0, 2048, 5);
	add_pool(1, 2048, 5);
	add_pool(0, 64, 7);
	tree.remove(nodes + "1/hugepages/hugepages-2048kB/free_hugepages");
	tree.make_directory(nodes + "0/hugepages/hugepages-kB");
	tree.make_directory(nodes + "0/hugepages/hugepages-99999999999999999999kB");
	const auto found = room(1).huge;
	ASSERT_EQ(found.size(), 1u);
	EXPECT_EQ(found.begin()->first, 64u << 10);
}

/// What is gigantic depends on how far the allocator goes.
TEST_F(RoomOfTree, OfArm64)
{
	const struct {
		uint64_t page_size;
		unsigned orders; ///< of /proc/buddyinfo; 0: there is none
		uint64_t huge;
		bool gigantic;
		uint64_t pieces; ///< with one free piece of the largest order
	} cases[] = {
		{4096, 11, 64 << 10, false, 64},  {4096, 11, 2 << 20, false, 2},
		{4096, 11, 32 << 20, true, 0},	  {4096, 11, 1 << 30, true, 0},
		{4096, 0, 2 << 20, false, 0},	  {4096, 0, 32 << 20, true, 0},
		{16384, 12, 2 << 20, false, 16},  {16384, 12, 32 << 20, false, 1},
		{16384, 12, 1 << 30, true, 0},	  {16384, 0, 32 << 20, false, 0},
		{16384, 0, 1 << 30, true, 0},	  {65536, 14, 2 << 20, false, 256},
		{65536, 14, 512 << 20, false, 1}, {65536, 14, uint64_t{16} << 30, true, 0},
		{65536, 0, 512 << 20, false, 0},  {65536, 0, uint64_t{16} << 30, true, 0},
	};
	for (const auto &one : cases) {
		tree.remove(nodes + "0/hugepages");
		add_pool(0, one.huge >> 10, 0);
		tree.write(collected_page_size, fmt::format("{}\n", one.page_size));
		tree.remove("proc/buddyinfo");
		if (one.orders > 0) {
			std::string line = "Node 0, zone  Movable";
			for (unsigned order = 1; order < one.orders; ++order)
				line += "      0";
			tree.write("proc/buddyinfo", line + "      1\n");
		}
		const auto found = room(1).huge.at(one.huge);
		EXPECT_EQ(found.gigantic, one.gigantic) << one.page_size << " " << one.huge;
		EXPECT_EQ(found.pieces, one.pieces) << one.page_size << " " << one.huge;
	}
}

TEST_F(RoomOfTree, WithoutNodesNobodyKnows)
{
	tree.remove("sys/devices");
	EXPECT_FALSE(read_room(root.get(), 0));
}

TEST_F(RoomOfTree, TheMachineTellsOfItsKinds)
{
	constexpr auto parameter = "sys/module/memory_hotplug/parameters/memmap_on_memory";
	EXPECT_FALSE(has_cma(root.get()));
	tree.write("proc/meminfo", "CmaTotal:  65536 kB\n");
	EXPECT_TRUE(has_cma(root.get()));
	EXPECT_FALSE(own_memmap(root.get()));
	const std::pair<const char *, bool> values[] = {
		{"N\n", false}, {"Y\n", true}, {"force\n", true}};
	for (const auto &[value, own] : values) {
		tree.write(parameter, value);
		EXPECT_EQ(own_memmap(root.get()), own) << value;
	}
}

} // namespace
} // namespace memhp
