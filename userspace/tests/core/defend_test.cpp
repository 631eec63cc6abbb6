// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/defend.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using std::chrono::minutes;

TEST(Defend, ThreeTimesAnHour)
{
	const Time now = std::chrono::hours(100);
	const auto ago = [&](int m) { return now - minutes(m); };
	const struct {
		const char *what;
		std::vector<Time> put_right;
		unsigned recent;
		bool may;
	} cases[] = {
		{"never before", {}, 0, true},
		{"once", {ago(1)}, 1, true},
		{"twice", {ago(59), ago(1)}, 2, true},
		{"three times", {ago(59), ago(30), ago(0)}, 3, false},
		{"one of them an hour ago", {ago(60), ago(30), ago(0)}, 2, true},
		{"just under an hour ago", {ago(60) + Time(1), ago(30), ago(0)}, 3, false},
		{"long ago", {ago(600), ago(500), ago(400), ago(300)}, 0, true},
		{"all at once", {now, now, now}, 3, false},
		{"more than allowed", {now, now, now, now}, 4, false},
	};
	for (const auto &[what, put_right, recent, may] : cases) {
		EXPECT_EQ(recent_defences(put_right, now), recent) << what;
		EXPECT_EQ(may_defend(put_right, now), may) << what;
	}
}

} // namespace
} // namespace memhp
