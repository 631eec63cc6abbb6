// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/room.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "system/base/fd.h"
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

	Room room(std::optional<int> node, const Census *census = nullptr)
	{
		const auto found = read_room(root.get(), node, census);
		EXPECT_TRUE(found);
		return found.value_or(Room());
	}

	const std::string nodes = "sys/devices/system/node/node";
	const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
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

TEST_F(RoomOfTree, OfTheOnlyNodeIsLessWhatTheBlockHas)
{
	tree.remove(nodes + "1");
	const std::vector<uint64_t> flags(10, uint64_t{1} << 10);
	Census census;
	census.add(flags.data(), nullptr, flags.size());
	EXPECT_EQ(room(0, &census).bytes, ((4096 + 2 * 1024 + 512) << 10) - 10 * page);
}

TEST_F(RoomOfTree, HugePagesAreInPoolsAndInLargeFreePieces)
{
	if (page != 4096)
		GTEST_SKIP() << "sizes are those of pages of 4 KiB";
	add_pool(0, 2048, 5);
	add_pool(0, 1048576, 1);
	add_pool(1, 2048, 70);
	tree.write("sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "2\n");
	// Orders 0 to 10, of which 9 is one huge page and 10 are two.
	tree.write("proc/buddyinfo",
		   "Node 0, zone      DMA      9      9      9      9      9      9      9      9 "
		   "     9      1      0\n"
		   "Node 0, zone   Normal      0      0      0      0      0      0      0      0 "
		   "     0      3      4\n"
		   "Node 1, zone  Movable      0      0      0      0      0      0      0      0 "
		   "     0      0    100\n");
	const auto elsewhere = room(1);
	EXPECT_EQ(elsewhere.huge, 5u - 2u + 1u + 3u + 2u * 4u);
	EXPECT_EQ(elsewhere.gigantic, 1u);
	EXPECT_EQ(room(0).huge, 70u - 2u + 200u);
	EXPECT_EQ(room(0).gigantic, 0u);
}

TEST_F(RoomOfTree, WithoutNodesNobodyKnows)
{
	tree.remove("sys/devices");
	EXPECT_FALSE(read_room(root.get(), 0, nullptr));
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
