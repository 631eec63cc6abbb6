// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/page_size.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "system/memory/pages.h"
#include "tree.h"

namespace memhp
{
namespace
{

uint64_t own() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

/// A tree of a machine whose pages are not those of this one.
class PageSizeOfTree : public testing::Test
{
protected:
	/// /proc as it is with so much memory in pages of this size; the two files are read one
	/// after the other, and `between` bytes of it come or go.
	void add_memory(uint64_t bytes, uint64_t page_size, int64_t between = 0) const
	{
		tree.write(
			"proc/zoneinfo",
			fmt::format("Node 0, zone   Normal\n  pages free 7\n        present  {0}\n"
				    "        managed  {0}\n",
				    bytes / page_size));
		tree.write("proc/meminfo",
			   fmt::format("MemTotal: {} kB\n",
				       (static_cast<int64_t>(bytes) + between) / 1024));
	}
	std::optional<uint64_t> known() const { return known_page_size(root.get()); }

	MachineTree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
};

constexpr uint64_t gib = 1 << 30;
constexpr uint64_t sizes[] = {4096, 16384, 65536};

TEST_F(PageSizeOfTree, IsWhatCollectWrote)
{
	for (const auto size : sizes) {
		tree.write(collected_page_size, fmt::format("{}\n", size));
		EXPECT_EQ(known(), size);
	}
	add_memory(gib, 4096);
	EXPECT_EQ(known(), 65536u) << "it is certain";
}

TEST_F(PageSizeOfTree, FollowsFromMemoryInPagesAndInBytes)
{
	for (const auto size : sizes) {
		for (const auto bytes : {gib / 4, 3 * gib, 6144 * gib})
			for (const int64_t between : {-1, 0, 1}) {
				add_memory(bytes, size, between * int64_t(bytes / 8));
				EXPECT_EQ(known(), size) << bytes;
			}
	}
}

TEST_F(PageSizeOfTree, IsNotKnownWhereNothingTells)
{
	EXPECT_EQ(known(), std::nullopt);
	EXPECT_EQ(page_size_of(root.get()), own());
	for (const auto *text : {"", "0\n", "4096 bytes\n", "5000\n", "2048\n", "-4096\n",
				 "18446744073709551616\n", "1048576\n"}) {
		tree.write(collected_page_size, text);
		EXPECT_EQ(known(), std::nullopt) << text;
		EXPECT_EQ(page_size_of(root.get()), own()) << text;
	}
	add_memory(gib, 1024);
	EXPECT_EQ(known(), std::nullopt) << "no machine has such";
	add_memory(gib, 16384);
	EXPECT_EQ(known(), 16384u);
}

TEST_F(PageSizeOfTree, OfTheRunningMachineIsWhatTheKernelSays)
{
	const Fd running(open("/", O_PATH));
	EXPECT_EQ(known_page_size(running.get()), own());
	EXPECT_EQ(page_size_record(), fmt::format("{}\n", own()));
}

TEST_F(PageSizeOfTree, TellsWhichBlockAPageIsIn)
{
	constexpr uint64_t block = uint64_t{512} << 20;
	constexpr uint64_t poisoned = uint64_t{1} << 19;
	tree.write("proc/meminfo", "MemTotal: 1 kB\nHardwareCorrupted: 64 kB\n");
	for (const auto size : sizes) {
		tree.write(collected_page_size, fmt::format("{}\n", size));
		std::string flags((3 * block / size + 5) * sizeof(uint64_t), '\0');
		flags.append(reinterpret_cast<const char *>(&poisoned), sizeof(poisoned));
		tree.write("proc/kpageflags", flags);
		const auto found = poisoned_blocks(root.get(), block, {0, 1, 2, 3});
		ASSERT_TRUE(found) << found.error().message;
		EXPECT_EQ(*found, std::set<uint64_t>{3}) << size;
	}
}

} // namespace
} // namespace memhp
