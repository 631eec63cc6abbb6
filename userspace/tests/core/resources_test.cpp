// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/resources.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Names = std::vector<std::string>;

constexpr uint64_t page = 4096;
constexpr uint64_t block = 1 << 27;

const char machine[] = "00000000-00000fff : Reserved\n"
		       "00001000-0009fbff : System RAM\n"
		       "000a0000-000bffff : PCI Bus 0000:00\n"
		       "000f0000-000fffff : System ROM\n"
		       "00100000-7ffdbfff : System RAM\n"
		       "  01000000-01e02496 : Kernel code\n"
		       "  02000000-0280dfff : Kernel rodata\n"
		       "  2a000000-31ffffff : Crash kernel\n"
		       "7ffdc000-7ffdffff : ACPI Tables\n"
		       "7ffe0000-7fffffff : Reserved\n"
		       "100000000-13fffffff : virtio0\n"
		       "  100000000-107ffffff : System RAM (virtio_mem)\n"
		       "140000000-1bfffffff : System RAM\n";

RamMap map_of(uint64_t number)
{
	return ram_map(parse_resources(machine), number * block, block, page);
}

TEST(Resources, AWholeBlockOfMemoryHasNoHoles)
{
	EXPECT_EQ(map_of(2).missing, 0u);
	EXPECT_EQ(map_of(2).names, Names());
	EXPECT_EQ(map_of(40).missing, 0u);
}

TEST(Resources, NameWhatIsInAHole)
{
	const auto last = map_of(15);
	EXPECT_EQ(last.missing, 36u);
	EXPECT_EQ(last.names, (Names{"ACPI Tables", "Reserved"}));
}

TEST(Resources, APageThatIsMemoryInPartIsAHole)
{
	const auto first = map_of(0);
	// 0, 0x9f to 0xff.
	EXPECT_EQ(first.missing, 1u + 0x61u);
	EXPECT_TRUE(first.has("Kernel code"));
	EXPECT_TRUE(first.has("System ROM"));
	EXPECT_FALSE(first.has("Crash kernel"));
	EXPECT_TRUE(map_of(5).has("Crash kernel"));
	EXPECT_TRUE(map_of(6).has("Crash kernel"));
	EXPECT_FALSE(map_of(7).has("Crash kernel"));
}

TEST(Resources, ADeviceAroundItsMemoryIsNotNamed)
{
	EXPECT_EQ(map_of(32).names, Names());
	EXPECT_EQ(map_of(32).missing, 0u);
	EXPECT_EQ(map_of(33).missing, block / page) << "the device has it not plugged";
}

TEST(Resources, HiddenAddressesAreNone)
{
	EXPECT_TRUE(parse_resources("00000000-00000000 : System RAM\n"
				    "  00000000-00000000 : Kernel code\n")
			    .empty());
	EXPECT_TRUE(parse_resources("lunch\n\n-\n").empty());
}

} // namespace
} // namespace memhp
