// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/totals.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

TEST(Totals, CountEachBlockOnceByWhatItIsGoodFor)
{
	auto changing = online_block(7, Zone::none);
	changing.state = BlockState::going_offline;
	const auto totals = totals_of({online_block(0, Zone::dma), online_block(1, Zone::dma32),
				       online_block(2, Zone::normal), online_block(3),
				       online_block(4), online_block(5, Zone::none),
				       online_block(6, Zone::device), changing, offline_block(8)},
				      10);
	EXPECT_EQ(totals.kernel, 30u);
	EXPECT_EQ(totals.movable, 20u);
	EXPECT_EQ(totals.other, 30u);
	EXPECT_EQ(totals.offline, 10u);
	EXPECT_EQ(totals.online(), 80u);
	EXPECT_EQ(totals_of({}, 10), Totals());
}

} // namespace
} // namespace memhp
