// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/guard.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t mib = uint64_t{1} << 20;
constexpr uint64_t gib = uint64_t{1} << 30;
constexpr uint64_t block = 128 * mib;

TEST(Amount, ReadsSharesAndSizes)
{
	const struct {
		const char *text;
		bool percent;
		uint64_t value;
	} cases[] = {
		{"10%", true, 10},	{"0%", true, 0}, {"100%", true, 100},
		{"2G", false, 2 * gib}, {"0", false, 0}, {"1.5G", false, 1536 * mib},
	};
	for (const auto &[text, percent, value] : cases) {
		const auto amount = parse_amount(text);
		ASSERT_TRUE(amount) << text;
		EXPECT_EQ(amount->percent, percent) << text;
		EXPECT_EQ(amount->value, value) << text;
		const auto again = parse_amount(to_string(*amount));
		ASSERT_TRUE(again) << text;
		EXPECT_EQ(again->value, value) << text;
	}
	for (const auto *text : {"", "%", "-1%", "101%", "1.5%", "ten", "-2G", "2G%"})
		EXPECT_FALSE(parse_amount(text)) << text;
}

TEST(Amount, AShareIsAtLeastHalfAGibibyteASizeIsWhatItSays)
{
	EXPECT_EQ(bytes_of({true, 10}, 100 * gib), 10 * gib);
	EXPECT_EQ(bytes_of({true, 10}, 2 * gib), 512 * mib);
	EXPECT_EQ(bytes_of({true, 1}, gib), 512 * mib);
	EXPECT_EQ(bytes_of({true, 0}, gib), 0u) << "no limit is wanted";
	EXPECT_EQ(bytes_of({false, 100 * mib}, 100 * gib), 100 * mib);
	EXPECT_EQ(bytes_of({true, 100}, ~uint64_t{0}), ~uint64_t{0});
}

TEST(ForeignPressure, IsWhatOthersWaitForBesideUs)
{
	EXPECT_DOUBLE_EQ(foreign_pressure(30, 0), 30);
	EXPECT_DOUBLE_EQ(foreign_pressure(30, 30), 0);
	EXPECT_DOUBLE_EQ(foreign_pressure(70, 50), 40) << "half of their time falls into ours";
	EXPECT_DOUBLE_EQ(foreign_pressure(20, 30), 0) << "the averages are not of one moment";
	EXPECT_DOUBLE_EQ(foreign_pressure(100, 100), 0);
}

Load load_of(uint64_t available, std::optional<double> pressure = std::nullopt, double own = 0)
{
	return {10 * gib, available, pressure, own};
}

TEST(Forbids, WhatWouldLeaveTooLittleOrComesAtABadTime)
{
	using Why = Hold::Why;
	const Limits share;			 // 10%: 1 GiB here
	const Limits size{{false, 4 * gib}, 20}; // of memory
	const Limits none{{true, 0}, 100};
	const struct {
		const char *name;
		Limits limits;
		Load load;
		std::optional<Why> why;
	} cases[] = {
		{"plenty", share, load_of(9 * gib), std::nullopt},
		{"just enough", share, load_of(gib + block), std::nullopt},
		{"a byte too little", share, load_of(gib + block - 1), Why::memory},
		{"less than a block", share, load_of(block - 1), Why::memory},
		{"size kept", size, load_of(4 * gib + block), std::nullopt},
		{"size not kept", size, load_of(4 * gib), Why::memory},
		{"no limits", none, load_of(0, 100.0), std::nullopt},
		{"calm", share, load_of(9 * gib, 0.0), std::nullopt},
		{"at the limit", share, load_of(9 * gib, 20.0), std::nullopt},
		{"pressure", share, load_of(9 * gib, 20.1), Why::pressure},
		{"our own", share, load_of(9 * gib, 60.0, 55.0), std::nullopt},
		{"not only our own", share, load_of(9 * gib, 80.0, 55.0), Why::pressure},
		{"not measured", share, load_of(9 * gib), std::nullopt},
	};
	for (const auto &[name, limits, load, why] : cases) {
		const auto hold = forbids(limits, load, block);
		ASSERT_EQ(hold.has_value(), why.has_value()) << name;
		if (why) {
			EXPECT_EQ(hold->why, *why) << name;
			EXPECT_FALSE(hold->text.empty()) << name;
		}
	}
}

TEST(Forbids, NamesTheFigures)
{
	EXPECT_EQ(forbids({}, load_of(gib), block)->text,
		  "896M would stay available without the next block, min_free asks for 1G");
	EXPECT_EQ(forbids({}, load_of(9 * gib, 33.4), block)->text,
		  "memory pressure is 33 %, max_pressure 20 %");
}

TEST(Room, IsWhatMayGoUntilForbidsSaysNo)
{
	const Limits limits{{false, 4 * gib}, 20};
	for (const uint64_t blocks : {1, 2, 7}) {
		auto load = load_of(4 * gib + blocks * block + block / 2);
		EXPECT_EQ(room(limits, load, block), blocks);
		load.available -= (blocks - 1) * block;
		EXPECT_FALSE(forbids(limits, load, block)) << "the last of them may go";
		load.available -= block;
		EXPECT_TRUE(forbids(limits, load, block)) << "and no other";
	}
	EXPECT_EQ(room(limits, load_of(4 * gib), block), 1u);
	EXPECT_EQ(room(limits, load_of(gib), block), 1u);
}

TEST(Forbids, WhatIsNotKnown)
{
	const Result<Load> unknown = fail_input("proc/meminfo: gone");
	const auto hold = forbids({{true, 0}, 100}, unknown, block);
	ASSERT_TRUE(hold);
	EXPECT_EQ(hold->why, Hold::Why::unknown);
	EXPECT_NE(hold->text.find("gone"), std::string::npos);
}

} // namespace
} // namespace memhp
