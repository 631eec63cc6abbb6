// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/fold.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Fold, BreaksLongLinesAtBlanks)
{
	const struct {
		const char *text;
		size_t width;
		size_t indent;
		const char *result;
	} cases[] = {
		{"", 10, 2, ""},
		{"\n", 10, 2, "\n"},
		{"short", 10, 2, "short"},
		{"exactly 10", 10, 2, "exactly 10"},
		{"exactly 11.", 10, 2, "exactly\n  11."},
		{"one two three four", 9, 2, "one two\n  three\n  four"},
		{"one two three four\n", 9, 0, "one two\nthree\nfour\n"},
		{"a line\nand one that is long\n\nend", 12, 4,
		 "a line\nand one that\n    is long\n\nend"},
		{"  indented as it was", 12, 4, "  indented\n    as it\n    was"},
		{"kept   together where it fits", 17, 0, "kept   together\nwhere it fits"},
		{"blanks      at the break", 8, 0, "blanks\nat the\nbreak"},
		{"a wordthatislongerthanthat b", 6, 2, "a\n  wordthatislongerthanthat\n  b"},
		{"wordthatislongerthanthat", 6, 2, "wordthatislongerthanthat"},
		{"    wordthatislongerthanthat", 6, 2, "    wordthatislongerthanthat"},
		{"ends in blanks    ", 14, 2, "ends in blanks    "},
		{"no width at all", 0, 0, "no\nwidth\nat\nall"},
		{"less than the indent", 3, 8, "less\n        than\n        the\n        indent"},
	};
	for (const auto &[text, width, indent, result] : cases)
		EXPECT_EQ(fold(text, width, indent), result) << text;
}

TEST(FoldCell, BreaksWhereItCan)
{
	using Lines = std::vector<std::string>;
	const struct {
		const char *text;
		size_t width;
		Lines lines;
	} cases[] = {
		{"", 5, {""}},
		{"whole", 5, {"whole"}},
		{"two words", 5, {"two", "words"}},
		{"32-35,40,96-97", 7, {"32-35,", "40,", "96-97"}},
		{"32,34,36", 6, {"32,34,", "36"}},
		{"a, b, c", 5, {"a, b,", "c"}},
		{"abcdefgh", 3, {"abc", "def", "gh"}},
		{"abc ", 3, {"abc"}},
		{"ab", 1, {"a", "b"}},
	};
	for (const auto &[text, width, lines] : cases)
		EXPECT_EQ(fold_cell(text, width), lines) << text;
}

} // namespace
} // namespace memhp
