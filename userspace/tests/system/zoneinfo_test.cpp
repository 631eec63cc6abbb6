// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/zoneinfo.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

/// As 6.1 prints it, shortened.
constexpr auto text = R"(Node 0, zone      DMA
  per-node stats
      nr_inactive_file 275419
      nr_active_file 215976
  pages free     3840
        boost    0
        min      15
        low      18
        high     21
        spanned  4095
        present  3998
        managed  3840
        cma      0
        protection: (0, 3019, 16203, 16203, 16203)
      nr_free_pages 3840
      nr_zone_inactive_file 0
      nr_zone_active_file 0
      nr_free_cma  0
  pagesets
    cpu: 0
              count: 0
              high:  0
Node 0, zone   Normal
  pages free     50000
        low      1000
        present  500000
        managed  480000
        cma      4096
        protection: (0, 0, 0, 800, 800)
      nr_zone_inactive_file 6000
      nr_zone_active_file 2000
      nr_free_cma  3000
    cpu: 0
              count: 0
              high:  4000
Node 0, zone  Movable
  pages free     9
        low      3
        present  262144
        managed  262144
Node 0, zone   Device
  pages free     0
        present  0
        managed  0
Node 12, zone   Normal
  pages free     0
        low      7
        present  0
        managed  0
)";

TEST(ZoneInfoOf, TheText)
{
	const auto info = parse_zoneinfo(text);
	EXPECT_EQ(info.managed, 3840u + 480000 + 262144);
	ASSERT_EQ(info.zones.size(), 4u) << "not the devices";
	const auto &[dma, normal, movable, other] =
		std::tie(info.zones[0], info.zones[1], info.zones[2], info.zones[3]);
	EXPECT_EQ(dma.present, 3998u);
	EXPECT_EQ(dma.available, 3840u - 18 - 3019) << "what Normal can serve may not take it all";
	EXPECT_FALSE(normal.movable);
	EXPECT_EQ(normal.present, 500000u);
	EXPECT_EQ(normal.cma, 4096u);
	EXPECT_EQ(normal.available, 50000u + 8000 - 1000 - 1000 - 3000);
	EXPECT_TRUE(movable.movable);
	EXPECT_EQ(movable.present, 262144u);
	EXPECT_EQ(movable.available, 0u) << "nothing of it is the kernel's";
	EXPECT_EQ(other.node, 12);
	EXPECT_EQ(other.available, 0u) << "less than nothing is nothing";
	EXPECT_TRUE(parse_zoneinfo("rubbish\n  pages free 3\n").zones.empty());
}

class ZonesOfTree : public testing::Test
{
protected:
	ZoneTable read() const
	{
		const auto root = open_at(AT_FDCWD, tree.root(), O_PATH | O_DIRECTORY);
		return read_zones(root->get());
	}
	void memory(uint64_t pages, uint64_t page_size, uint64_t cma = 0) const
	{
		tree.write("proc/meminfo",
			   "MemTotal:       " + std::to_string(pages * page_size / 1024) +
				   " kB\nMemFree: 1 kB\nHugePages_Total: 3\nCmaTotal:  " +
				   std::to_string(cma * page_size / 1024) + " kB\n");
	}

	Tree tree;
};

TEST_F(ZonesOfTree, ThePageSizeIsTheMachines)
{
	EXPECT_TRUE(read().zones.empty());
	tree.write("proc/zoneinfo", text);
	EXPECT_TRUE(read().zones.empty()) << "without meminfo nobody knows the pages";
	const uint64_t managed = 3840 + 480000 + 262144;
	for (const uint64_t size : {4096u, 16384u, 65536u}) {
		memory(managed, size);
		EXPECT_EQ(read().page_size, size);
		memory(managed - 100000, size);
		EXPECT_EQ(read().page_size, size) << "a balloon took some in between";
	}
	EXPECT_EQ(read().zones.size(), 4u);
}

TEST_F(ZonesOfTree, OlderKernelsHaveCmaInMeminfoOnly)
{
	tree.write("proc/zoneinfo", "Node 0, zone DMA\n present 1000\n managed 1000\n"
				    "Node 0, zone Normal\n present 9000\n managed 9000\n"
				    "Node 0, zone Movable\n present 9000\n managed 9000\n");
	memory(19000, 4096, 4000);
	const auto table = read();
	EXPECT_EQ(table.zones[0].cma, 1000u);
	EXPECT_EQ(table.zones[1].cma, 3000u);
	EXPECT_EQ(table.zones[2].cma, 0u);
}

TEST(ZoneInfo, LinesThatAreCutOffEnd)
{
	for (const auto *protection : {"(0, 3019", "(0, 30)19", "", "(", "(,", "(0,)", "5"}) {
		const auto info = parse_zoneinfo(std::string("Node 0, zone Normal\n present 9\n"
							     "        protection: ") +
						 protection);
		ASSERT_EQ(info.zones.size(), 1u) << protection;
		EXPECT_EQ(info.zones[0].present, 9u) << protection;
	}
}

TEST_F(ZonesOfTree, KnowWhetherADimmHasItsOwnMemmap)
{
	const auto file = "sys/module/memory_hotplug/parameters/memmap_on_memory";
	EXPECT_FALSE(read().memmap_on_memory);
	for (const auto &[value, expected] :
	     {std::pair{"N\n", false}, std::pair{"Y\n", true}, std::pair{"force\n", true}}) {
		tree.write(file, value);
		EXPECT_EQ(read().memmap_on_memory, expected) << value;
	}
}

} // namespace
} // namespace memhp
