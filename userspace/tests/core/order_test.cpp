// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/order.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "blocks.h"
#include "walk.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

size_t online_cost(const Numbers &order, const Numbers &online)
{
	Walk walk(online);
	for (const auto block : order)
		walk.online(block);
	return walk.steps();
}

size_t offline_cost(const Numbers &order, const Numbers &online)
{
	Walk walk(online);
	for (const auto block : order)
		walk.offline(block);
	return walk.steps();
}

Numbers sorted(Numbers numbers)
{
	std::sort(numbers.begin(), numbers.end());
	return numbers;
}

TEST(OnlineOrder, KeepsAHoleAboveTheZonesLowestBlock)
{
	const struct {
		const char *shape;
		Numbers blocks;
		Numbers online;
		Numbers order;
	} cases[] = {
		{"nothing", {}, {}, {}},
		{"nothing beside others", {}, {1, 2}, {}},
		{"one block", {7}, {}, {7}},
		{"one block above others", {7}, {5, 6}, {7}},
		{"two, alone", {32, 33}, {}, {32, 33}},
		{"a device alone in its zone", {32, 33, 34, 35}, {}, {32, 34, 35, 33}},
		{"in any order", {35, 32, 34, 33}, {}, {32, 34, 35, 33}},
		{"above online blocks", {32, 33, 34, 35}, {30, 31}, {33, 34, 35, 32}},
		{"above a hole", {40, 41, 42}, {30, 31}, {41, 42, 40}},
		{"below online blocks", {32, 33, 34}, {36, 35}, {32, 34, 33}},
		{"on both sides", {32, 33, 50, 51}, {40, 41}, {32, 50, 51, 33}},
		{"with holes", {32, 40, 48, 56}, {}, {32, 48, 56, 40}},
		{"around an online block", {32, 34}, {33}, {32, 34}},
	};
	for (const auto &[shape, blocks, online, order] : cases)
		EXPECT_EQ(online_order(blocks, online), order) << shape;
}

TEST(OfflineOrder, OpensAHoleFirstAndTakesTheZonesLowestLast)
{
	const struct {
		const char *shape;
		Numbers blocks;
		Numbers online;
		Numbers order;
	} cases[] = {
		{"nothing", {}, {1, 2}, {}},
		{"one block", {7}, {7}, {7}},
		{"one block of several", {7}, {5, 6, 7, 8}, {7}},
		{"two, all of the zone", {33, 32}, {32, 33}, {33, 32}},
		{"all of the zone", {35, 34, 33, 32}, {32, 33, 34, 35}, {33, 35, 34, 32}},
		{"in an order of its own", {34, 32, 35, 33}, {35, 33, 32, 34}, {33, 34, 35, 32}},
		{"above what stays", {36, 35, 34}, {32, 33, 34, 35, 36}, {34, 36, 35}},
		{"below what stays", {34, 33, 32}, {32, 33, 34, 35, 36}, {33, 34, 32}},
		{"in the middle", {35, 34, 33}, {32, 33, 34, 35, 36}, {33, 35, 34}},
		{"with holes", {48, 40, 32}, {32, 40, 48}, {40, 48, 32}},
	};
	for (const auto &[shape, blocks, online, order] : cases)
		EXPECT_EQ(offline_order(blocks, online), order) << shape;
}

TEST(Order, LosesAndRepeatsNoBlock)
{
	for (uint64_t size = 0; size < 9; ++size) {
		const auto blocks = count(100, 99 + size);
		for (const auto &others : {Numbers(), Numbers{5}, Numbers{500}, Numbers{5, 500}}) {
			EXPECT_EQ(sorted(online_order(blocks, others)), blocks);
			auto all = others;
			all.insert(all.end(), blocks.begin(), blocks.end());
			EXPECT_EQ(sorted(offline_order(blocks, all)), blocks);
		}
	}
}

constexpr size_t n = 512;

TEST(OrderCost, OnliningADeviceIsLinear)
{
	const auto blocks = count(1000, 1000 + n - 1);
	EXPECT_LE(online_cost(online_order(blocks, {}), {}), 2 * n);
	EXPECT_GE(online_cost(blocks, {}), n * n / 2) << "address order should be the bad one";
}

TEST(OrderCost, OnliningAboveADistantDeviceIsLinear)
{
	const Numbers online = count(100, 103);
	const auto blocks = count(1000, 1000 + n - 1);
	EXPECT_LE(online_cost(online_order(blocks, online), online), 5 * n);
}

TEST(OrderCost, OnliningBelowADeviceIsLinear)
{
	const auto online = count(1000, 1000 + n - 1);
	const auto blocks = count(1000 - n, 999);
	EXPECT_LE(online_cost(online_order(blocks, online), online), 4 * n);
	EXPECT_GE(online_cost(blocks, online), n * n / 2);
}

/// Nothing can be done about the blocks below but to walk over them: once a step, and not over the
/// new ones too.
TEST(OrderCost, OnliningRightAboveOnlineBlocksWalksOnlyThose)
{
	const size_t below = 16;
	const auto online = count(1000 - below, 999);
	const auto blocks = count(1000, 1000 + n - 1);
	EXPECT_LE(online_cost(online_order(blocks, online), online), below * n + n);
	EXPECT_GE(online_cost(blocks, online), n * n / 2);
}

TEST(OrderCost, OffliningADeviceIsLinear)
{
	const auto blocks = count(1000, 1000 + n - 1);
	EXPECT_LE(offline_cost(offline_order(blocks, blocks), blocks), 2 * n);
	auto down = blocks;
	std::reverse(down.begin(), down.end());
	EXPECT_GE(offline_cost(blocks, blocks), n * n / 3) << "address order should be a bad one";
	EXPECT_GE(offline_cost(down, blocks), n * n / 3) << "top down should be a bad one";
}

TEST(OrderCost, OffliningTheUpperPartWalksOnlyWhatStays)
{
	const size_t below = 16;
	const auto online = count(1000 - below, 1000 + n - 1);
	const auto blocks = count(1000, 1000 + n - 1);
	EXPECT_LE(offline_cost(offline_order(blocks, online), online), below * n);
}

} // namespace
} // namespace memhp
