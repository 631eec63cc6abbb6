// SPDX-License-Identifier: GPL-2.0-only
#include "core/advice/udev_rules.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(UdevRules, WhatOnlinesMemoryIsFound)
{
	const char *onlining[] = {
		"SUBSYSTEM==\"memory\", ACTION==\"add\", ATTR{state}=\"online\"\n",
		"SUBSYSTEM==\"memory\",ATTR{state}==\"offline\",ATTR{state}=\"online_movable\"",
		"ACTION==\"add\", SUBSYSTEM==\"cpu|memory\", ATTR{online}=\"1\"",
		"SUBSYSTEM==\"memory\", \\\n  ACTION==\"add\", \\\n  ATTR { state } = \"online\"\n",
		"SUBSYSTEM!=\"memory\", GOTO=\"end\"\nACTION!=\"add\", GOTO=\"end\"\n"
		"ENV{.state}=\"online\"\nATTR{state}==\"offline\", ATTR{state}=\"$env{.state}\"\n"
		"LABEL=\"end\"\n",
		"SUBSYSTEM==\"memory\", ACTION==\"add\", "
		"RUN+=\"/bin/sh -c 'echo online > /sys$devpath/state'\"\n",
	};
	for (const auto *text : onlining)
		EXPECT_NE(read_memory_rules(text).onlines, "") << text;

	const char *others[] = {
		"",
		"# SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n",
		"SUBSYSTEM==\"cpu\", ACTION==\"add\", ATTR{online}=\"1\"\n",
		"SUBSYSTEM==\"memory\", ATTR{state}==\"online\", TAG+=\"seen\"\n",
		"SUBSYSTEM==\"memory_tiering\", ATTR{state}=\"online\"\n",
		"SUBSYSTEM!=\"memory\", GOTO=\"end\"\nACTION==\"add\", TAG+=\"x\"\nLABEL=\"end\"\n"
		"ATTR{state}=\"online\"\n",
		"SUBSYSTEM==\"block\", ATTR{state}=\"running\"\n",
		"SUBSYSTEM==\"memory\", ATTR{state\n",
		"SUBSYSTEM==\"memory\", ATTR{state}=\n",
	};
	for (const auto *text : others)
		EXPECT_EQ(read_memory_rules(text).onlines, "") << text;
}

TEST(UdevRules, TheLineThatOnlinesIsTold)
{
	EXPECT_EQ(read_memory_rules(
			  "# a comment\n\n  SUBSYSTEM==\"memory\", \\\nATTR{state}=\"online\"\n")
			  .onlines,
		  "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"");
}

TEST(UdevRules, ProgramsAndThoseOfKdump)
{
	const struct {
		const char *text;
		bool runs, kdump, throttled, crash_hotplug;
	} cases[] = {
		{"SUBSYSTEM==\"memory\", RUN+=\"/usr/bin/tell\"\n", true, false, false, false},
		{"SUBSYSTEM==\"cpu\", RUN+=\"/usr/bin/tell\"\n", false, false, false, false},
		{"SUBSYSTEM==\"memory\", RUN{builtin}+=\"kmod load kexec\"\n", false, false, false,
		 false},
		{"SUBSYSTEM==\"memory\", PROGRAM=\"/bin/uname -m\"\n", false, false, false, false},
		{"SUBSYSTEM==\"memory\", ACTION==\"online\", "
		 "PROGRAM=\"/usr/sbin/kdump-config try-reload\"\n",
		 true, true, false, false},
		{"SUBSYSTEM==\"memory\", ATTRS{crash_hotplug}==\"1\", GOTO=\"over\"\n"
		 "SUBSYSTEM==\"memory\", ACTION==\"add|remove\", GOTO=\"reload\"\n"
		 "GOTO=\"over\"\n"
		 "LABEL=\"reload\"\n"
		 "RUN+=\"/usr/lib/kdump/kdump-udev-throttler\"\n"
		 "LABEL=\"over\"\n",
		 true, true, true, true},
		{"SUBSYSTEM==\"cpu\", GOTO=\"reload\"\nGOTO=\"over\"\nLABEL=\"reload\"\n"
		 "RUN+=\"/usr/bin/kdump\"\nLABEL=\"over\"\n",
		 false, false, false, false},
	};
	for (const auto &[text, runs, kdump, throttled, crash_hotplug] : cases) {
		const auto rules = read_memory_rules(text);
		EXPECT_EQ(!rules.runs.empty(), runs) << text;
		EXPECT_EQ(rules.kdump, kdump) << text;
		EXPECT_EQ(rules.throttled, throttled) << text;
		EXPECT_EQ(rules.crash_hotplug, crash_hotplug) << text;
	}
}

} // namespace
} // namespace memhp
