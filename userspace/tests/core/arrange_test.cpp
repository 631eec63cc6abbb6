// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <gtest/gtest.h>

#include "blocks.h"
#include "core/offline/select.h"
#include "job_fixture.h"
#include "walk.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

constexpr size_t n = 256;

/// A job on the blocks of one zone, and what the kernel walks while it runs.
class ZoneWalk : public testing::Test
{
protected:
	/// Adds blocks first to last in a state.
	void online(uint64_t first, uint64_t last, Zone zone = Zone::movable)
	{
		for (const auto number : count(first, last))
			all.push_back(online_block(number, zone));
	}
	void offline(uint64_t first, uint64_t last)
	{
		for (const auto number : count(first, last))
			all.push_back(offline_block(number));
	}

	/// Onlines all that is offline, as the daemon does it, and returns the steps of the walk.
	/// The first attempt on each of `failing` fails.
	size_t online_all(const Numbers &failing = {}, OnlineType type = OnlineType::movable)
	{
		std::vector<Block> chosen;
		for (const auto &block : all)
			if (block.state == BlockState::offline)
				chosen.push_back(block);
		const auto zone = type == OnlineType::movable ? Zone::movable : Zone::normal;
		const auto arranged = arrange_online(chosen, all, type);
		auto spec = online_of(arranged.blocks);
		spec.rearrange = arranged.rearrange;
		return walk(std::move(spec), zone, failing);
	}
	size_t offline_from(uint64_t first, const Numbers &failing = {})
	{
		Target target;
		target.numbers = {{first, UINT64_MAX}};
		const auto selection = select_offline(target, all, 1 << 27, false);
		auto spec = offline_of(selection->blocks);
		spec.rearrange = selection->rearrange;
		return walk(std::move(spec), Zone::movable, failing);
	}

	size_t walk(JobSpec spec, Zone zone, const Numbers &failing)
	{
		Numbers there;
		for (const auto &block : all)
			if (block.state == BlockState::online && block.zone == zone)
				there.push_back(block.number);
		const bool offlines = spec.change == Change::offline;
		const auto wanted = spec.blocks;
		Machine machine(std::move(spec));
		for (const auto block : failing)
			machine.answers[block] = {fails(ENOMEM)};
		machine.run(100'000);
		order = machine.order;
		EXPECT_EQ(machine.job.done(), wanted.size());

		Walk steps(there);
		std::map<uint64_t, size_t> attempts;
		for (const auto block : order) {
			const bool failed =
				attempts[block]++ == 0 &&
				std::find(failing.begin(), failing.end(), block) != failing.end();
			if (failed)
				continue;
			if (offlines)
				steps.offline(block);
			else
				steps.online(block);
		}
		return steps.steps();
	}

	std::vector<Block> all;
	Numbers order;
};

TEST_F(ZoneWalk, OneDeviceAloneIsLinear)
{
	offline(1000, 1000 + n - 1);
	EXPECT_LE(online_all(), 3 * n);
}

TEST_F(ZoneWalk, SeveralDevicesAreLinear)
{
	offline(1000, 1000 + n - 1);
	offline(3000, 3000 + n - 1);
	online(5000, 5000 + n - 1);
	EXPECT_LE(online_all(), 5 * n);
}

/// The kernel's own blocks lie below, and are walked once for each.
TEST_F(ZoneWalk, BesideBootMemoryOnlyThatIsWalked)
{
	const size_t boot = 16;
	online(0, boot - 1, Zone::normal);
	offline(boot, boot + n - 1);
	EXPECT_LE(online_all({}, OnlineType::kernel), (boot + 2) * n);
}

TEST_F(ZoneWalk, BootMemoryOfAnotherZoneDoesNotCount)
{
	online(0, 15, Zone::normal);
	offline(16, 16 + n - 1);
	EXPECT_LE(online_all(), 3 * n);
}

TEST_F(ZoneWalk, WithHolesIsLinear)
{
	for (uint64_t part = 0; part < 8; ++part)
		offline(1000 + part * 100, 1000 + part * 100 + n / 8 - 1);
	EXPECT_LE(online_all(), 3 * n);
}

TEST_F(ZoneWalk, ABlockThatFailsChangesNothing)
{
	offline(1000, 1000 + n - 1);
	for (const uint64_t block : {1000u, 1001u, 1002u, 1100u, 1255u}) {
		EXPECT_LE(online_all({block}), 4 * n) << block;
		EXPECT_EQ(order.size(), n + 1);
	}
	EXPECT_LE(online_all({1000, 1001, 1002, 1003}), 5 * n) << "one after the other";
}

TEST_F(ZoneWalk, AfterTheLowestFailedTheNextBeginsTheZone)
{
	offline(10, 14);
	online_all({10});
	EXPECT_EQ(order, (Numbers{10, 11, 13, 14, 12, 10}));
}

TEST_F(ZoneWalk, AFailureOnceTheHoleIsOpenMovesNothing)
{
	offline(10, 14);
	online_all({13});
	EXPECT_EQ(order, (Numbers{10, 12, 13, 14, 11, 13}));
}

TEST_F(ZoneWalk, OfflineMakesTheHoleWithTheLowestThatGoes)
{
	online(10, 15);
	offline_from(10, {11, 12});
	EXPECT_EQ(order, (Numbers{11, 12, 13, 15, 14, 10, 11, 12}));
}

TEST_F(ZoneWalk, OfflineStaysLinearWhenTheHoleWillNotOpen)
{
	online(1000, 1000 + n - 1);
	EXPECT_LE(offline_from(1000, {1001}), 4 * n);
	EXPECT_LE(offline_from(1000, {1001, 1002, 1003}), 8 * n);
}

/// A failure of one node's block leaves the order of the others alone.
TEST_F(ZoneWalk, OtherZonesKeepTheirOrder)
{
	std::vector<Block> chosen;
	for (const auto number : count(10, 13))
		chosen.push_back(offline_block(number, 0));
	for (const auto number : count(20, 23))
		chosen.push_back(offline_block(number, 1));
	const auto arranged = arrange_online(chosen, chosen, OnlineType::movable);
	EXPECT_EQ(arranged.blocks, (Numbers{10, 12, 13, 11, 20, 22, 23, 21}));
	EXPECT_EQ(arranged.rearrange(10, {}, {12, 13, 11, 20, 22, 23, 21}),
		  (Numbers{11, 13, 12, 20, 22, 23, 21}));
	EXPECT_EQ(arranged.rearrange(20, {10, 11}, {22, 23, 21}), (Numbers{21, 23, 22}));
}

TEST_F(ZoneWalk, BlocksThatStandInStayBehindTheOthers)
{
	online(10, 15);
	Target target;
	target.bytes = 4ull << 27;
	const auto selection = select_offline(target, all, 1 << 27, false);
	ASSERT_TRUE(selection);
	ASSERT_EQ(selection->blocks, (Numbers{12, 15, 14, 13, 11}));
	EXPECT_EQ(selection->rearrange(12, {}, {15, 14, 13, 11}), (Numbers{13, 15, 14, 11}));
}

} // namespace
} // namespace memhp
