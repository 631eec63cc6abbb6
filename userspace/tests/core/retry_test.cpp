// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/retry.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr const char *names[] = {"done", "gone", "later", "soon", "hopeless"};

std::string describe(Next next) { return names[static_cast<size_t>(next)]; }

Outcome failed_with(int error)
{
	Outcome outcome;
	outcome.error = error;
	return outcome;
}

TEST(Classify, FollowsTheErrnoTable)
{
	const struct {
		int error;
		const char *next;
	} cases[] = {
		{ENOENT, "gone"},     {ENODEV, "gone"},	    {EBUSY, "later"},
		{ENOMEM, "later"},    {EIO, "later"},	    {EAGAIN, "soon"},
		{EINTR, "soon"},      {EINVAL, "hopeless"}, {EPERM, "hopeless"},
		{EACCES, "hopeless"}, {EROFS, "hopeless"},  {EHWPOISON, "hopeless"},
		{0, "later"},
	};
	for (const auto change : {Change::online, Change::offline})
		for (const auto &[error, next] : cases)
			EXPECT_EQ(describe(classify(change, failed_with(error), 0)), next)
				<< to_string(change) << ", errno " << error;
}

TEST(Classify, TheWantedStateIsSuccessWhateverTheErrno)
{
	for (const auto error : {0, EBUSY, EINVAL, EINTR, EIO}) {
		auto outcome = failed_with(error);
		outcome.reached = true;
		EXPECT_EQ(describe(classify(Change::offline, outcome, 5)), "done") << error;
		outcome.killed = true;
		EXPECT_EQ(describe(classify(Change::offline, outcome, 5)), "done") << error;
	}
}

TEST(Classify, KilledAtTheDeadlineIsTriedLater)
{
	for (const auto error : {EINTR, EBUSY, EINVAL}) {
		auto outcome = failed_with(error);
		outcome.killed = true;
		outcome.kernel_zone = true;
		EXPECT_EQ(describe(classify(Change::offline, outcome, 9)), "later") << error;
	}
}

TEST(Classify, BusyInAKernelZoneIsHopelessOnlyWhereAPageCannotMove)
{
	const struct {
		const char *stage;
		const char *next;
	} cases[] = {{"", "hopeless"},
		     {"isolate", "hopeless"},
		     {"notifier", "later"},
		     {"node", "later"},
		     {"migrate", "later"}};
	for (const auto &[stage, next] : cases) {
		auto outcome = failed_with(EBUSY);
		outcome.kernel_zone = true;
		outcome.stage = stage;
		EXPECT_EQ(describe(classify(Change::offline, outcome, 1)), next) << stage;
	}
}

TEST(Classify, BusyInAKernelZoneIsHopelessTheSecondTime)
{
	auto outcome = failed_with(EBUSY);
	outcome.kernel_zone = true;
	EXPECT_EQ(describe(classify(Change::offline, outcome, 0)), "later");
	EXPECT_EQ(describe(classify(Change::offline, outcome, 1)), "hopeless");
	EXPECT_EQ(describe(classify(Change::online, outcome, 5)), "later");
	outcome.kernel_zone = false;
	EXPECT_EQ(describe(classify(Change::offline, outcome, 50)), "later");
}

TEST(Backoff, DoublesUpToItsMaximum)
{
	const Backoff backoff;
	const struct {
		unsigned failures;
		int64_t ms;
	} cases[] = {
		{1, 100},    {2, 200},	    {3, 400},
		{4, 800},    {9, 25600},    {10, 30000},
		{11, 30000}, {1000, 30000}, {UINT32_MAX, 30000},
	};
	for (const auto &[failures, ms] : cases)
		EXPECT_EQ(backoff.delay(failures, 0).count(), ms) << failures;
}

TEST(Backoff, TakesItsFactorAndItsBounds)
{
	Backoff backoff;
	backoff.initial = Time(10);
	backoff.factor = 3;
	backoff.max = Time(50);
	EXPECT_EQ(backoff.delay(1, 0).count(), 10);
	EXPECT_EQ(backoff.delay(2, 0).count(), 30);
	EXPECT_EQ(backoff.delay(3, 0).count(), 50);
	backoff.factor = 1;
	EXPECT_EQ(backoff.delay(9, 0).count(), 10);
}

TEST(Backoff, JitterIsAShareOfTheDelay)
{
	const Backoff backoff;
	EXPECT_EQ(backoff.delay(2, 1).count(), 240);
	EXPECT_EQ(backoff.delay(2, -1).count(), 160);
	EXPECT_EQ(backoff.delay(2, 0.5).count(), 220);
}

} // namespace
} // namespace memhp
