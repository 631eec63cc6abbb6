// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/headway.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Headway, CountsWhatHasMovedSinceTheLookBefore)
{
	const struct {
		const char *what;
		std::optional<uint64_t> before;
		std::optional<uint64_t> after;
		int took_ms;
		bool gets_on;
	} cases[] = {
		{"a machine that moves pages", 1000, 9000, 500, true},
		{"nothing moves", 1000, 1000, 500, false},
		{"a few, of somebody else", 1000, 1100, 500, false},
		{"just enough", 1000, 1256, 500, true},
		{"the same is little for a longer time", 1000, 1256, 1000, false},
		{"not known at first", std::nullopt, 9000, 500, false},
		{"not known any more", 1000, std::nullopt, 500, false},
		{"a count that begins anew", 9000, 10, 500, false},
	};
	for (const auto &one : cases) {
		const Time begin(77'000);
		Headway headway(one.before, begin);
		EXPECT_EQ(headway.look(one.after, begin + Time(one.took_ms)), one.gets_on)
			<< one.what;
	}
}

TEST(Headway, ComparesWithTheLastLookNotWithTheFirst)
{
	Headway headway(0, Time(0));
	EXPECT_TRUE(headway.look(30'000, Time(500)));
	EXPECT_FALSE(headway.look(30'010, Time(1000))) << "one page that is held is left";
	EXPECT_TRUE(headway.look(40'000, Time(1500)));
}

TEST(Headway, IsLookedForFourTimesWithinADeadline)
{
	EXPECT_EQ(headway_interval(Time(2000)), Time(500));
	EXPECT_EQ(headway_interval(Time(1)), Time(10));
	EXPECT_EQ(headway_interval(std::chrono::hours(1)), Time(1000));
}

} // namespace
} // namespace memhp
