// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "blocks.h"
#include "core/online/policy.h"

namespace memhp
{
namespace
{

using Standing = Ledger::Standing;
using Numbers = std::vector<uint64_t>;

constexpr Time later = std::chrono::seconds(60);

Block in_state(Block block, BlockState state)
{
	block.state = state;
	return block;
}

Block reborn(Block block)
{
	++block.inode;
	return block;
}

/// Block 1 of a machine, as one scan after the other sees it.
class LedgerOfOne : public testing::Test
{
protected:
	/// The count holds whatever was done.
	void TearDown() override
	{
		uint64_t deliberate = 0;
		for (const auto &[block, entry] : ledger.entries())
			deliberate += entry.standing == Standing::deliberate;
		EXPECT_EQ(ledger.deliberate(), deliberate);
	}

	Numbers see(const Block &block, Time now = Time{})
	{
		return ledger.observe({block}, now).taken_offline;
	}
	Standing standing() const { return ledger.standing(1); }
	std::string why() const { return ledger.entries().at(1).why; }

	Ledger ledger;
	const Block online = online_block(1);
	const Block offline = offline_block(1);
};

TEST_F(LedgerOfOne, ABlockNeverSeenIsFresh)
{
	EXPECT_EQ(standing(), Standing::fresh);
	EXPECT_EQ(ledger.since(1), Time{});
}

TEST_F(LedgerOfOne, AnAddedBlockIsFreshUntilItIsOnline)
{
	EXPECT_TRUE(see(offline, Time(5)).empty());
	EXPECT_EQ(standing(), Standing::fresh);
	see(offline, Time(9));
	EXPECT_EQ(standing(), Standing::fresh);
	EXPECT_EQ(ledger.since(1), Time(5)) << "a life begins when it is first seen";
	see(online, later);
	EXPECT_EQ(standing(), Standing::handled);
}

TEST_F(LedgerOfOne, AnAdditionIsNewsUntilPolicyIsDoneWithTheLife)
{
	const auto inode = offline.inode;
	EXPECT_TRUE(ledger.is_news(1, inode)) << "never seen";
	EXPECT_TRUE(ledger.is_news(1, std::nullopt));
	see(offline);
	EXPECT_TRUE(ledger.is_news(1, inode)) << "seen, and not online yet";
	see(online);
	EXPECT_FALSE(ledger.is_news(1, inode)) << "online";
	EXPECT_TRUE(ledger.is_news(1, inode + 1)) << "in another life";
	EXPECT_TRUE(ledger.is_news(1, std::nullopt)) << "unreadable: a look tells";
	EXPECT_TRUE(ledger.is_news(2, inode)) << "another block";
	see(offline);
	EXPECT_FALSE(ledger.is_news(1, inode)) << "taken offline";
}

TEST_F(LedgerOfOne, AnOfflineEventMakesItDeliberate)
{
	see(online);
	ledger.went_offline(1);
	EXPECT_EQ(standing(), Standing::deliberate);
	see(offline);
	EXPECT_EQ(standing(), Standing::deliberate);
}

TEST_F(LedgerOfOne, TwoScansOfOneLifeMakeItDeliberateAndReportItOnce)
{
	see(online);
	EXPECT_EQ(see(offline), Numbers{1});
	EXPECT_EQ(standing(), Standing::deliberate);
	EXPECT_TRUE(see(offline).empty());
	EXPECT_EQ(standing(), Standing::deliberate);
}

TEST_F(LedgerOfOne, AnEventAlreadyNotedIsNotReportedByTheScan)
{
	see(online);
	ledger.went_offline(1);
	EXPECT_TRUE(see(offline).empty());
}

TEST_F(LedgerOfOne, AnOnlineEndsTheDeliberateStanding)
{
	see(online);
	ledger.went_offline(1);
	ledger.went_online(1);
	EXPECT_EQ(standing(), Standing::handled);
	ledger.went_offline(1);
	EXPECT_EQ(standing(), Standing::deliberate);
}

TEST_F(LedgerOfOne, PluggedInAgainIsANewLife)
{
	see(online);
	ledger.went_offline(1);
	EXPECT_TRUE(see(reborn(offline), later).empty());
	EXPECT_EQ(standing(), Standing::fresh);
	EXPECT_EQ(ledger.since(1), later);
}

TEST_F(LedgerOfOne, PluggedInAgainBetweenTwoScansIsNotTakenForAnOffline)
{
	see(online);
	EXPECT_TRUE(see(reborn(offline)).empty());
	EXPECT_EQ(standing(), Standing::fresh);
}

TEST_F(LedgerOfOne, RemovedAndAddedWithTheSameInodeIsANewLife)
{
	see(online);
	ledger.went_offline(1);
	ledger.observe({}, Time{});
	see(offline);
	EXPECT_EQ(standing(), Standing::fresh);
}

TEST_F(LedgerOfOne, AStaleOfflineEventOfAnOlderLifeChangesNothing)
{
	see(online);
	see(reborn(offline));
	ledger.went_offline(1); // sent before the block was removed
	EXPECT_EQ(standing(), Standing::fresh);
}

TEST_F(LedgerOfOne, TheKernelsRollbackLeavesItHandled)
{
	see(online);
	// A failed firmware unplug: offline, and online again by the kernel.
	ledger.went_offline(1);
	ledger.went_online(1);
	EXPECT_TRUE(see(online).empty());
	EXPECT_EQ(standing(), Standing::handled);
}

TEST_F(LedgerOfOne, AChangeUnderWayIsNoChangeYet)
{
	see(online);
	EXPECT_TRUE(see(in_state(online, BlockState::going_offline)).empty());
	EXPECT_EQ(standing(), Standing::handled);
	EXPECT_EQ(see(offline), Numbers{1});

	see(reborn(in_state(offline, BlockState::going_online)));
	EXPECT_EQ(standing(), Standing::fresh);
}

TEST_F(LedgerOfOne, SurvivesARestart)
{
	see(online, Time(5));
	ledger.went_offline(1);
	Ledger next;
	next.restore(ledger.entries());
	EXPECT_TRUE(next.observe({offline}, later, Standing::fresh).taken_offline.empty());
	EXPECT_EQ(next.standing(1), Standing::deliberate);
	EXPECT_EQ(next.since(1), Time(5));
}

TEST_F(LedgerOfOne, AnOfflineWhileNobodyWatchedIsDeliberateAfterARestart)
{
	see(online);
	Ledger next;
	next.restore(ledger.entries());
	EXPECT_EQ(next.observe({offline}, later, Standing::fresh).taken_offline, Numbers{1});
	EXPECT_EQ(next.standing(1), Standing::deliberate);
}

TEST_F(LedgerOfOne, AFirstScanThatLeavesBlocksAloneTakesThemForDeliberate)
{
	ledger.observe({offline, online_block(2)}, Time{}, Standing::deliberate);
	EXPECT_EQ(standing(), Standing::deliberate);
	EXPECT_EQ(ledger.standing(2), Standing::handled);
	// What comes later is policy's again.
	ledger.observe({offline, online_block(2), offline_block(3)}, later);
	EXPECT_EQ(standing(), Standing::deliberate);
	EXPECT_EQ(ledger.standing(3), Standing::fresh);
}

TEST_F(LedgerOfOne, GivingUpEndsOnlyAFreshLife)
{
	see(offline);
	ledger.give_up(1, "poison");
	EXPECT_EQ(standing(), Standing::handled);
	see(offline);
	EXPECT_EQ(standing(), Standing::handled) << "given up for this life";
	see(reborn(offline));
	EXPECT_EQ(standing(), Standing::fresh);

	see(online);
	ledger.went_offline(1);
	ledger.give_up(1, "poison");
	EXPECT_EQ(standing(), Standing::deliberate);
}

TEST_F(LedgerOfOne, TellsWhyABlockIsAsItIs)
{
	see(offline);
	EXPECT_EQ(why(), "");
	ledger.explain(1, "movable by rule 1");
	see(online);
	EXPECT_EQ(why(), "movable by rule 1");
	ledger.went_offline(1);
	EXPECT_EQ(why(), "taken offline on purpose");
	ledger.went_online(1);
	EXPECT_EQ(why(), "") << "somebody else's online";

	ledger.explain(1, "online by request");
	ledger.went_online(1);
	EXPECT_EQ(why(), "online by request") << "a late event changes nothing";
	see(offline);
	EXPECT_EQ(why(), "taken offline on purpose");
	see(reborn(offline));
	EXPECT_EQ(why(), "") << "another life";
	ledger.explain(1, "movable by rule 1");
	ledger.give_up(1, "poison");
	EXPECT_EQ(why(), "movable by rule 1, but it cannot be onlined: poison");
}

TEST_F(LedgerOfOne, TellsThatAFirstScanLeftItAlone)
{
	ledger.observe({offline, online_block(2)}, Time{}, Standing::deliberate);
	EXPECT_EQ(why(), "left offline by online.first_scan");
	EXPECT_EQ(ledger.entries().at(2).why, "");
	see(offline);
	EXPECT_EQ(why(), "left offline by online.first_scan");
}

TEST_F(LedgerOfOne, EventsOfUnknownBlocksAreLeftToTheNextScan)
{
	ledger.went_online(1);
	ledger.went_offline(1);
	ledger.give_up(1, "poison");
	EXPECT_TRUE(ledger.entries().empty());
	see(offline);
	EXPECT_EQ(standing(), Standing::fresh);
}

TEST(Ledger, ABlockOnTheMoveIsNotTakenOffline)
{
	Ledger ledger;
	ledger.observe({online_block(1)}, Time(1));
	ledger.begin_move(1);
	ledger.went_offline(1);
	EXPECT_TRUE(ledger.observe({offline_block(1)}, Time(2)).taken_offline.empty());
	EXPECT_EQ(ledger.standing(1), Ledger::Standing::handled);
	ledger.end_move(1);
	ledger.went_offline(1);
	EXPECT_EQ(ledger.standing(1), Ledger::Standing::deliberate);
}

TEST(Ledger, TheChosenZoneEndsWithAnOffline)
{
	Ledger ledger;
	ledger.observe({online_block(1)}, Time(1));
	EXPECT_EQ(ledger.zone_by(1), Ledger::Chooser::nobody);
	ledger.zone_chosen(1, Ledger::Chooser::request);
	ledger.went_online(1);
	EXPECT_EQ(ledger.zone_by(1), Ledger::Chooser::request);
	ledger.went_offline(1);
	EXPECT_EQ(ledger.zone_by(1), Ledger::Chooser::nobody);
	ledger.zone_chosen(7, Ledger::Chooser::request);
	EXPECT_EQ(ledger.zone_by(7), Ledger::Chooser::nobody) << "there is no such block";
}

} // namespace
} // namespace memhp
