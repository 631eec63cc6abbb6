// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/event_filter.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(EventFilter, PassesWhatAllKindsAskFor)
{
	const auto *online = "boot_ns=500 event=online block=32 nid=1";
	const auto *node = "boot_ns=600 event=node_online nid=1";
	const auto *lost = "event=lost count=3";
	const struct {
		EventFilter filter;
		const char *record;
		bool passes;
	} cases[] = {
		{{}, online, true},
		{{}, node, true},
		{{500, {}, {}}, online, true},
		{{501, {}, {}}, online, false},
		{{{}, {{32, 32}}, {}}, online, true},
		{{{}, {{33, 40}}, {}}, online, false},
		{{{}, {{33, 40}, {30, 32}}, {}}, online, true},
		{{{}, {{0, 99}}, {}}, node, false},
		{{{}, {}, {1}}, online, true},
		{{{}, {}, {0}}, online, false},
		{{{}, {}, {0, 1}}, node, true},
		{{500, {{32, 32}}, {1}}, online, true},
		{{500, {{32, 32}}, {0}}, online, false},
		{{501, {{0, 0}}, {0}}, lost, true},
	};
	for (const auto &[filter, line, passes] : cases)
		EXPECT_EQ(filter.passes(*Record::parse(line)), passes)
			<< line << ", case " << (&filter - &cases[0].filter);
}

} // namespace
} // namespace memhp
