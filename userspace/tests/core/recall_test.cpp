// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/recall.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

constexpr uint64_t life = 1000; ///< inode of a block in blocks.h, less its number

Block owned(Block block, Source source, const std::string &device)
{
	block.source = source;
	block.device = device;
	return block;
}

/// Block 0 of the boot, 32 online and 33 offline, of a DIMM.
Recall looked()
{
	Recall recall;
	recall.fill({owned(online_block(0, Zone::normal), Source::boot, ""),
		     owned(online_block(32, Zone::movable), Source::acpi_dimm, "PNP0C80:01"),
		     owned(offline_block(33), Source::acpi_dimm, "PNP0C80:01")});
	return recall;
}

bool known(const Recall &recall, uint64_t block)
{
	return recall.find(block, life + block).has_value();
}

TEST(Recall, KnowsWhatALookHasTold)
{
	const auto recall = looked();
	const auto boot = recall.find(0, life);
	ASSERT_TRUE(boot);
	EXPECT_EQ(boot->state, BlockState::online);
	EXPECT_EQ(boot->zone, Zone::normal);
	EXPECT_EQ(boot->source, Source::boot);
	EXPECT_EQ(boot->device, "");
	const auto online = recall.find(32, life + 32);
	ASSERT_TRUE(online);
	EXPECT_EQ(online->number, 32u);
	EXPECT_EQ(online->inode, life + 32);
	EXPECT_EQ(online->zone, Zone::movable);
	EXPECT_EQ(online->source, Source::acpi_dimm);
	EXPECT_EQ(online->device, "PNP0C80:01");
	EXPECT_EQ(recall.find(33, life + 33)->state, BlockState::offline);
	EXPECT_FALSE(known(recall, 34)) << "never seen";
	EXPECT_FALSE(recall.find(32, 5)) << "another life";
}

TEST(Recall, KnowsNothingOfWhatSomethingHasHappenedTo)
{
	auto recall = looked();
	recall.touched(32);
	recall.touched(40);
	EXPECT_FALSE(known(recall, 32));
	EXPECT_FALSE(known(recall, 40));
	EXPECT_TRUE(known(recall, 0));
	EXPECT_TRUE(known(recall, 33));
	recall.clear();
	EXPECT_FALSE(known(recall, 0));
}

TEST(Recall, WhatHasComeIsOfflineUntilSomethingHappensToIt)
{
	auto recall = looked();
	for (const uint64_t block : {32u, 40u}) {
		recall.added(block);
		const auto found = recall.find(block, 7);
		ASSERT_TRUE(found) << block;
		EXPECT_EQ(found->state, BlockState::offline);
		EXPECT_EQ(found->zone, Zone::none);
		EXPECT_EQ(found->source, Source::unknown) << "to be found";
		recall.touched(block);
		EXPECT_FALSE(recall.find(block, 7)) << block;
		EXPECT_FALSE(known(recall, block)) << "of its earlier life: " << block;
	}
	recall.added(41);
	recall.fill({});
	EXPECT_FALSE(known(recall, 41)) << "the look has not seen it";
}

TEST(Recall, DoesNotKeepWhatMayChangeWithoutAnEvent)
{
	auto changing = owned(online_block(1, Zone::movable), Source::acpi_dimm, "PNP0C80:01");
	changing.state = BlockState::going_offline;
	Recall recall;
	recall.fill({changing, owned(online_block(2, Zone::none), Source::boot, ""),
		     owned(online_block(3, Zone::movable), Source::unknown, ""),
		     owned(online_block(4, Zone::movable), Source::hv_balloon, "balloon")});
	EXPECT_FALSE(known(recall, 1)) << "on its way";
	EXPECT_FALSE(known(recall, 2)) << "read while it changed";
	EXPECT_FALSE(known(recall, 3)) << "its device may yet be linked";
	EXPECT_TRUE(known(recall, 4));
}

} // namespace
} // namespace memhp
