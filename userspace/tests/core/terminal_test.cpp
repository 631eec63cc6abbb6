// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/terminal.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Terminal, IsJudgedByTheStreamAndTheEnvironment)
{
	const struct {
		const char *what;
		TerminalFacts facts;
		bool interactive;
		bool colour;
		size_t width;
		size_t line;
	} cases[] = {
		{"a pipe", {false, 0, {}, {}, "xterm"}, false, false, 80, 80},
		{"a pipe, told its width", {false, 0, "132", {}, "xterm"}, false, false, 132, 132},
		{"a terminal", {true, 100, {}, {}, "xterm"}, true, true, 100, 100},
		{"tmux", {true, 100, {}, {}, "tmux-256color"}, true, true, 100, 100},
		{"one that does not say", {true, 0, {}, {}, "xterm"}, true, true, 80, 80},
		{"COLUMNS goes first", {true, 100, "60", {}, "xterm"}, true, true, 60, 60},
		{"COLUMNS that is none", {true, 100, "wide", {}, "xterm"}, true, true, 100, 100},
		{"COLUMNS of 0", {true, 100, "0", {}, "xterm"}, true, true, 100, 100},
		{"NO_COLOR", {true, 100, {}, "1", "xterm"}, true, false, 100, 100},
		{"an empty NO_COLOR", {true, 100, {}, "", "xterm"}, true, true, 100, 100},
		{"a dumb one", {true, 100, {}, {}, "dumb"}, false, false, 100, 100},
		{"no TERM", {true, 100, {}, {}, {}}, false, false, 100, 100},
		{"too narrow", {true, 5, {}, {}, "xterm"}, true, true, 40, 5},
		{"COLUMNS that is too much", {true, 60, "100", {}, "xterm"}, true, true, 100, 60},
		{"too wide", {true, 9999, {}, {}, "xterm"}, true, true, 500, 500},
	};
	for (const auto &[what, facts, interactive, colour, width, line] : cases) {
		const auto terminal = judge_terminal(facts);
		EXPECT_EQ(terminal.interactive, interactive) << what;
		EXPECT_EQ(terminal.colour, colour) << what;
		EXPECT_EQ(terminal.width, width) << what;
		EXPECT_EQ(terminal.line, line) << what;
	}
}

} // namespace
} // namespace memhp
