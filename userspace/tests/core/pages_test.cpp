// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/pages.h"

#include <vector>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Flags = std::vector<uint64_t>;

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }

PageCount count(const Flags &flags)
{
	PageCount pages;
	pages.add(flags.data(), flags.size());
	return pages;
}

TEST(Pages, AreCountedByWhatAnOfflineHasToDoWithThem)
{
	const struct {
		const char *name;
		uint64_t flags;
		uint64_t moved, fixed, poisoned;
	} cases[] = {
		{"free", bit(10), 0, 0, 0},
		{"absent", bit(20), 0, 0, 0},
		{"of a balloon", bit(23), 0, 0, 0},
		{"anonymous", bit(5) | bit(11) | bit(12) | bit(14), 1, 0, 0},
		{"cache", bit(3) | bit(5), 1, 0, 0},
		{"huge page", bit(15) | bit(17), 1, 0, 0},
		{"unknown", 0, 1, 0, 0},
		{"slab", bit(7), 0, 1, 0},
		{"page table", bit(26), 0, 1, 0},
		{"reserved", bit(32), 0, 1, 0},
		{"poisoned", bit(19) | bit(5), 0, 0, 1},
	};
	for (const auto &[name, flags, moved, fixed, poisoned] : cases) {
		const auto pages = count({flags});
		EXPECT_EQ(pages.pages, 1u) << name;
		EXPECT_EQ(pages.moved, moved) << name;
		EXPECT_EQ(pages.fixed, fixed) << name;
		EXPECT_EQ(pages.poisoned, poisoned) << name;
	}
}

TEST(Pages, CostGrowsWithWhatHasToMove)
{
	Flags block(512, bit(10));
	EXPECT_EQ(cost(count(block)), 0u);
	block[7] = bit(5);
	EXPECT_EQ(cost(count(block)), 1u);
	const auto one = cost(count(block));
	for (size_t i = 0; i < 256; ++i)
		block[i] = bit(5);
	const auto half = cost(count(block));
	EXPECT_EQ(half, 8u);
	EXPECT_LT(one, half);
	EXPECT_LT(half, cost(count(Flags(512, bit(5)))));
	Flags kernel(512, bit(10));
	kernel[0] = bit(7);
	EXPECT_LT(cost(count(Flags(512, bit(5)))), cost(count(kernel)));
	EXPECT_EQ(cost({}), 0u);
}

} // namespace
} // namespace memhp
