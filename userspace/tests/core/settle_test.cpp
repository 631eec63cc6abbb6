// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/settle.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/pace.h"

namespace memhp
{
namespace
{

using namespace std::chrono_literals;

/// What happens, one after another, each at its second: + a block went online or offline, ~ one was
/// added or removed. Gives the seconds at which it is told until `end`, asked once a second.
std::vector<int> told_at(const std::vector<std::pair<int, char>> &events, int end,
			 std::optional<Time> told = std::nullopt)
{
	Settle settle(told);
	std::vector<int> result;
	for (int second = 0; second <= end; ++second) {
		const Time now = std::chrono::seconds(second);
		for (const auto &[at, what] : events) {
			if (at == second && what == '+')
				settle.changed(now);
			else if (at == second)
				settle.stirred(now);
		}
		if (settle.due() && *settle.due() <= now) {
			result.push_back(second);
			settle.tell(now);
		}
	}
	return result;
}

std::vector<std::pair<int, char>> every(int first, int last, int step)
{
	std::vector<std::pair<int, char>> events;
	for (int at = first; at <= last; at += step)
		events.emplace_back(at, '+');
	return events;
}

TEST(Settle, TellsOnceAfterABurstAndAtMostOnceAMinute)
{
	const struct {
		const char *what;
		std::vector<std::pair<int, char>> events;
		std::vector<int> told;
	} cases[] = {
		{"nothing happens", {}, {}},
		{"one change", {{5, '+'}}, {8}},
		{"a burst", every(5, 29, 2), {32}},
		{"an addition alone is none", {{5, '~'}, {6, '~'}}, {}},
		{"an addition keeps it going", {{5, '+'}, {7, '~'}, {9, '~'}}, {12}},
		{"an addition before it does not", {{4, '~'}, {5, '+'}}, {8}},
		{"two bursts, a minute and more apart", {{5, '+'}, {100, '+'}}, {8, 103}},
		{"a second within the minute waits", {{5, '+'}, {20, '+'}}, {8, 68}},
		{"several within the minute become one",
		 {{5, '+'}, {20, '+'}, {30, '+'}, {50, '+'}},
		 {8, 68}},
		{"one that is not over when the minute is",
		 {{5, '+'}, {67, '+'}, {69, '+'}},
		 {8, 72}},
		{"exactly when the minute is over", {{5, '+'}, {65, '+'}}, {8, 68}},
	};
	for (const auto &[what, events, told] : cases)
		EXPECT_EQ(told_at(events, 300), told) << what;
}

TEST(Settle, ABurstWithoutAnEndIsToldOfAllTheSame)
{
	EXPECT_EQ(told_at(every(10, 1500, 2), 2000), (std::vector<int>{610, 1212, 1503}));
}

TEST(Settle, GoesOnWhereAnotherLeftOff)
{
	EXPECT_EQ(told_at({{5, '+'}}, 300, Time(-50s)), std::vector<int>{10});
	EXPECT_EQ(told_at({{5, '+'}}, 300, Time(-1h)), std::vector<int>{8});
}

TEST(Settle, TheIntervalMayBeAnother)
{
	Settle settle;
	settle.tell(1h);
	settle.changed(1h + 1s);
	EXPECT_EQ(settle.due(), Time(1h + 60s));
	settle.set_interval(5min);
	EXPECT_EQ(settle.due(), Time(1h + 5min));
	settle.set_interval(2s);
	EXPECT_EQ(settle.due(), Time(1h + 4s)) << "a burst has to settle all the same";
}

TEST(Settle, KnowsWhetherThereIsSomethingToTell)
{
	Settle settle;
	EXPECT_FALSE(settle.pending());
	EXPECT_EQ(settle.due(), std::nullopt);
	EXPECT_FALSE(settle.may_tell(1h)) << "there is nothing";
	settle.changed(1h);
	EXPECT_TRUE(settle.pending());
	EXPECT_EQ(settle.due(), Time(1h + 3s));
	EXPECT_TRUE(settle.may_tell(1h)) << "though it has not settled";
	settle.tell(1h + 3s);
	EXPECT_FALSE(settle.pending());
	EXPECT_EQ(settle.told(), Time(1h + 3s));
	settle.changed(1h + 3s);
	settle.forget();
	EXPECT_FALSE(settle.pending());
	EXPECT_EQ(settle.told(), Time(1h + 3s)) << "that was the last";
	settle.changed(1h + 4s);
	EXPECT_FALSE(settle.may_tell(1h + 62s)) << "the minute is not over";
	EXPECT_TRUE(settle.may_tell(1h + 63s));
}

TEST(NextLook, LeavesMostOfTheTimeToOthers)
{
	const struct {
		Time now, ended, took, wanted;
	} cases[] = {
		{Time(1000), Time(0), Time(0), Time(1000)},	// never yet
		{Time(1000), Time(1000), Time(0), Time(1000)},	// it cost nothing
		{Time(1000), Time(1000), Time(20), Time(1200)}, // just now
		{Time(1100), Time(1000), Time(20), Time(1200)}, // a while ago
		{Time(1200), Time(1000), Time(20), Time(1200)}, // long enough
		{Time(9000), Time(1000), Time(20), Time(9000)},
	};
	for (const auto &one : cases)
		EXPECT_EQ(next_look(one.now, one.ended, one.took), one.wanted) << one.now.count();
}

TEST(TellingPace, IsOfTheOrdinaryNotTooOften)
{
	TellingPace pace;
	const Time start(1000);
	const struct {
		bool ordinary;
		Time::rep after;
		bool due;
	} cases[] = {{false, 0, true},	 {true, 0, true},   {true, 1, false},
		     {true, 99, false},	 {true, 100, true}, {false, 101, true},
		     {true, 150, false}, {true, 201, true}, {false, 201, true}};
	for (const auto &one : cases)
		EXPECT_EQ(pace.due(one.ordinary, start + Time(one.after)), one.due) << one.after;
}

} // namespace
} // namespace memhp
