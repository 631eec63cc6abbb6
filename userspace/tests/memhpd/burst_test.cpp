// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/burst.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t block_size = 128 << 20;

std::string line(const Burst &burst)
{
	const auto lines = burst.lines(block_size, false);
	return lines.size() == 1 ? lines[0] : "not one line";
}

TEST(Burst, TellsHowLongItTookFromTheFirstAttempt)
{
	Burst burst;
	burst.begin(Time(1000));
	burst.onlined(32, Zone::movable, Time(1200));
	burst.begin(Time(1300));
	burst.onlined(33, Zone::movable, Time(1400));
	EXPECT_EQ(line(burst), "onlined 2 blocks (256M), 32-33: 2 Movable in 400ms");
}

TEST(Burst, TheNextOneMayHaveBegunBeforeThisOneIsToldOf)
{
	Burst burst;
	burst.begin(Time(1000));
	burst.onlined(32, Zone::movable, Time(1200));
	burst.begin(Time(2100));
	burst = burst.next();
	EXPECT_TRUE(burst.lines(block_size, false).empty());
	burst.onlined(33, Zone::movable, Time(2300));
	EXPECT_EQ(line(burst), "onlined 1 blocks (128M), 33: 1 Movable in 200ms");
}

TEST(Burst, TheNextOneBeginsWithItsFirstAttempt)
{
	Burst burst;
	burst.begin(Time(1000));
	burst.onlined(32, Zone::movable, Time(1200));
	burst = burst.next();
	burst.begin(Time(9000));
	burst.onlined(33, Zone::movable, Time(9100));
	EXPECT_EQ(line(burst), "onlined 1 blocks (128M), 33: 1 Movable in 100ms");
}

} // namespace
} // namespace memhp
