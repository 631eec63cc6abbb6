// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/census.h"

#include <vector>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }
constexpr auto head = bit(15);
constexpr auto tail = bit(16);
constexpr auto huge = bit(17);

Census count(const std::vector<uint64_t> &flags, const std::vector<uint64_t> &mapcounts = {})
{
	Census census;
	census.add(flags.data(), mapcounts.empty() ? nullptr : mapcounts.data(), flags.size());
	census.finish();
	return census;
}

TEST(Census, TellsUsesByTheFlags)
{
	const struct {
		const char *name;
		uint64_t flags;
		PageKind kind;
	} cases[] = {
		{"free", bit(10), PageKind::free},
		{"anonymous", bit(3) | bit(5) | bit(11) | bit(12) | bit(14), PageKind::anon},
		{"anonymous, not mapped", bit(12), PageKind::anon},
		{"cache", bit(3) | bit(5), PageKind::file},
		{"mapped file off its list", bit(3) | bit(11), PageKind::file},
		{"tmpfs", bit(3) | bit(5) | bit(14), PageKind::shmem},
		{"locked", bit(3) | bit(5) | bit(11) | bit(12) | bit(18) | bit(33), PageKind::anon},
		{"slab", bit(7), PageKind::slab},
		{"page table", bit(26) | bit(11), PageKind::table},
		{"huge", huge | head | bit(11) | bit(12), PageKind::huge},
		{"balloon", bit(23), PageKind::offline},
		{"reserved", bit(32), PageKind::reserved},
		{"poisoned", bit(19) | bit(5), PageKind::poisoned},
		{"none", bit(20), PageKind::absent},
		{"nothing known", 0, PageKind::other},
	};
	for (const auto &[name, flags, kind] : cases) {
		const auto census = count({flags});
		EXPECT_EQ(census.of(kind), 1u) << name;
		EXPECT_EQ(census.pages(), 1u) << name;
	}
}

TEST(Census, ATailIsWhatItsHeadIs)
{
	const auto census = count({bit(5) | bit(14) | head | bit(22) | bit(18), tail | bit(22),
				   tail | bit(19), tail | bit(22), bit(7) | head, tail, bit(10)});
	EXPECT_EQ(census.of(PageKind::shmem), 3u);
	EXPECT_EQ(census.of(PageKind::poisoned), 1u) << "in the middle of it";
	EXPECT_EQ(census.of(PageKind::slab), 2u);
	EXPECT_EQ(census.of(PageKind::free), 1u);
	EXPECT_EQ(census.unevictable(), 4u);
	EXPECT_EQ(census.transparent(), 3u);
	EXPECT_EQ(census.to_move(), 3u);
}

TEST(Census, HugePagesAreCountedBySize)
{
	std::vector<uint64_t> flags(2 * 4 + 3, huge | tail);
	std::vector<uint64_t> mapcounts(flags.size());
	// The end of one that began in the block before, two whole ones.
	flags[3] = flags[7] = huge | head;
	mapcounts[7] = 1;
	const auto found = count(flags, mapcounts).huge();
	ASSERT_EQ(found.size(), 2u);
	EXPECT_EQ(found.at(3).count, 1u);
	EXPECT_EQ(found.at(3).mapped, 0u);
	EXPECT_EQ(found.at(4).count, 2u);
	EXPECT_EQ(found.at(4).mapped, 1u);
	EXPECT_TRUE(count({bit(10)}).huge().empty());
}

TEST(Census, SeesReservedPagesAtTheBeginning)
{
	EXPECT_EQ(count({bit(32), bit(32), bit(10), bit(32)}).reserved_first(), 2u);
	EXPECT_EQ(count({bit(10), bit(32)}).reserved_first(), 0u);
}

} // namespace
} // namespace memhp
