// SPDX-License-Identifier: GPL-2.0-only
#include "core/varlink/backlog.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

/// All that a reader gets now, "-N" for N that it has missed.
std::string read(const Backlog &backlog, uint64_t &at)
{
	std::string text;
	while (const auto next = backlog.next(at))
		text += next->entry ? *next->entry : "-" + std::to_string(next->missed);
	return text;
}

TEST(Backlog, EachReaderGoesAtItsOwnPace)
{
	Backlog backlog(3);
	uint64_t slow = backlog.end();
	backlog.push("a");
	uint64_t late = backlog.end();
	backlog.push("b");
	uint64_t quick = slow;
	EXPECT_EQ(read(backlog, quick), "ab");
	EXPECT_EQ(read(backlog, quick), "");
	EXPECT_EQ(read(backlog, late), "b");
	backlog.push("c");
	backlog.push("d");
	backlog.push("e");
	EXPECT_EQ(read(backlog, quick), "cde");
	EXPECT_EQ(read(backlog, slow), "-2cde");
}

TEST(Backlog, WhatIsForgottenIsMissed)
{
	Backlog backlog(3);
	uint64_t at = backlog.end();
	backlog.push("a");
	backlog.clear();
	EXPECT_EQ(read(backlog, at), "-1");
	backlog.push("b");
	EXPECT_EQ(read(backlog, at), "b");
	uint64_t later = backlog.end();
	EXPECT_EQ(read(backlog, later), "");
}

} // namespace
} // namespace memhp
