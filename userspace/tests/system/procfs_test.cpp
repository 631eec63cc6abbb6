// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/procfs.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Iomem, FindsMemoryAndTheDevicesOfDrivers)
{
	const auto found = parse_iomem("00000000-00000fff : Reserved\n"
				       "00001000-0009fbff : System RAM\n"
				       "100000000-13fffffff : System RAM\n"
				       "140000000-23fffffff : virtio0\n"
				       "  140000000-147ffffff : System RAM (virtio_mem)\n"
				       "  150000000-157ffffff : System RAM (virtio_mem)\n"
				       "240000000-33fffffff : Persistent Memory\n"
				       "  240000000-241ffffff : namespace0.0\n"
				       "  248000000-33fffffff : dax0.0\n"
				       "    248000000-33fffffff : System RAM (kmem)\n");
	ASSERT_EQ(found.size(), 5u);
	EXPECT_EQ(found[0].first, 0x1000u);
	EXPECT_EQ(found[1].first, 0x100000000u);
	EXPECT_EQ(found[1].last, 0x13fffffffu);
	EXPECT_EQ(found[1].source, Source::unknown);
	EXPECT_EQ(found[1].device, "");
	EXPECT_EQ(found[2].first, 0x140000000u);
	EXPECT_EQ(found[2].last, 0x147ffffffu);
	EXPECT_EQ(found[2].source, Source::virtio_mem);
	EXPECT_EQ(found[2].device, "virtio0");
	EXPECT_EQ(found[3].first, 0x150000000u);
	EXPECT_EQ(found[3].device, "virtio0");
	EXPECT_EQ(found[4].source, Source::dax_kmem);
	EXPECT_EQ(found[4].device, "dax0.0");
}

TEST(Iomem, GivesNothingToAReaderWithoutPrivilege)
{
	EXPECT_TRUE(parse_iomem("00000000-00000000 : virtio0\n"
				"  00000000-00000000 : System RAM (virtio_mem)\n")
			    .empty());
}

TEST(Iomem, MemoryWithoutAParentHasNoDevice)
{
	const auto found = parse_iomem("10000000-17ffffff : System RAM (kmem)");
	ASSERT_EQ(found.size(), 1u);
	EXPECT_EQ(found[0].device, "");
}

TEST(Iomem, AParentEndsWithItsIndentation)
{
	const auto found = parse_iomem("10000000-17ffffff : first\n"
				       "20000000-27ffffff : System RAM (kmem)\n");
	ASSERT_EQ(found.size(), 1u);
	EXPECT_EQ(found[0].device, "");
}

TEST(Iomem, SkipsGarbage)
{
	const auto found = parse_iomem("\n   \nlunch\n-\n : \n1-2\nx-y : System RAM (kmem)\n"
				       " : 1-2 System RAM (kmem)\n"
				       "      10000000-17ffffff : System RAM (kmem)\n"
				       "18446744073709551616-1 : System RAM (kmem)\n"
				       "30000000-37ffffff : System RAM (kmem)\n");
	ASSERT_EQ(found.size(), 1u);
	EXPECT_EQ(found[0].first, 0x30000000u);
}

} // namespace
} // namespace memhp
