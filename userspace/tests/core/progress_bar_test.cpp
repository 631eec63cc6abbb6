// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/progress_bar.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProgressBar, HasBlocksRateAndTimeLeft)
{
	const struct {
		BarState state;
		const char *line;
	} cases[] = {
		{{0, 512, Time{}, "", ""}, "[..............................] 0 of 512 blocks"},
		{{1, 512, milliseconds(100), "", ""},
		 "[..............................] 1 of 512 blocks"}, // too early to tell
		{{128, 512, seconds(2), "", ""},
		 "[#######.......................] 128 of 512 blocks, 64/s, 7s left"},
		{{3, 12, seconds(60), "", ""},
		 "[#######.......................] 3 of 12 blocks, 0.1/s, 3m1s left"},
		{{12, 12, seconds(60), "", ""},
		 "[##############################] 12 of 12 blocks, 0.2/s"},
		{{2, 8, Time{}, "putting back", ""},
		 "putting back [#######.......................] 2 of 8 blocks"},
		{{2, 8, Time{}, "", "waiting: too little is free"},
		 "[#######.......................] 2 of 8 blocks, waiting: too little is free"},
	};
	const BarState noted = {103, 104, seconds(5), "", "block 64: Operation not permitted"};
	EXPECT_EQ(progress_bar(noted, 80), "[#########.] 103 of 104 blocks, 21/s, 1s left, "
					   "block 64: Operation not permi...");
	EXPECT_EQ(progress_bar(noted, 120), "[#############################.] 103 of 104 blocks, "
					    "21/s, 1s left, block 64: Operation not permitted");
	for (const auto &[state, line] : cases)
		EXPECT_EQ(progress_bar(state, 80), line);
}

TEST(ProgressBar, NeverReachesTheEndOfTheLine)
{
	const BarState longest = {123456, 131072, seconds(3600 * 50), "putting back",
				  std::string(200, 'x')};
	for (const size_t width : {1u, 3u, 4u, 5u, 10u, 30u})
		EXPECT_LT(progress_bar(longest, width).size(), width) << width;
	for (const size_t width : {40u, 60u, 80u, 200u}) {
		EXPECT_LT(progress_bar(longest, width).size(), width);
		EXPECT_NE(progress_bar(longest, width).find("123456 of"), std::string::npos);
	}
	EXPECT_EQ(progress_bar({1, 2, Time{}, "", ""}, 40).find('['), 0u);
	EXPECT_EQ(progress_bar(longest, 40).find('['), std::string::npos)
		<< "the counts go before the bar";
}

} // namespace
} // namespace memhp
