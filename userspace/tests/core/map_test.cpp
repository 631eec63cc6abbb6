// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/map.h"

#include <string>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

Block block(uint64_t number, BlockState state, Zone zone, std::optional<int> node = 0)
{
	Block one;
	one.number = number;
	one.state = state;
	one.zone = zone;
	one.node = node;
	return one;
}

std::vector<Block> online(uint64_t first, uint64_t last, Zone zone, std::optional<int> node = 0)
{
	std::vector<Block> blocks;
	for (auto number = first; number <= last; ++number)
		blocks.push_back(block(number, BlockState::online, zone, node));
	return blocks;
}

std::vector<Block> operator+(std::vector<Block> a, const std::vector<Block> &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

/// "0:0 NN.m": a row of node 0 from block 0 on.
std::string drawn(const MemoryMap &map)
{
	std::string text;
	for (const auto &row : map.rows) {
		text += text.empty() ? "" : " / ";
		text += row.node ? std::to_string(*row.node) : "-";
		text += ":" + std::to_string(row.first) + " ";
		for (const auto &cell : row.cells) {
			const char letter = ".dlnmxsocu"[static_cast<size_t>(cell.look)];
			text += cell.whole ? static_cast<char>(std::toupper(letter)) : letter;
		}
	}
	return text;
}

TEST(Look, IsOfTheStateThenOfTheZone)
{
	EXPECT_EQ(look_of(block(0, BlockState::online, Zone::dma32)), Look::dma32);
	EXPECT_EQ(look_of(block(0, BlockState::online, Zone::device)), Look::device);
	EXPECT_EQ(look_of(block(0, BlockState::online, Zone::none)), Look::several);
	EXPECT_EQ(look_of(block(0, BlockState::offline, Zone::none)), Look::offline);
	EXPECT_EQ(look_of(block(0, BlockState::going_offline, Zone::none)), Look::changing);
	EXPECT_EQ(look_of(block(0, BlockState::going_online, Zone::none)), Look::changing);
	EXPECT_EQ(look_of(block(0, BlockState::unknown, Zone::none)), Look::unknown);
}

TEST(Map, HasARowANodeAndACellABlock)
{
	const auto blocks = online(0, 2, Zone::normal) + online(4, 5, Zone::movable, 1) +
			    online(6, 6, Zone::dma, std::nullopt);
	EXPECT_EQ(drawn(lay_out(blocks, 8, 9)), "0:0 NNN / 1:4 MM / -:6 D")
		<< "memory of no node comes last";
	EXPECT_EQ(lay_out(blocks, 8, 9).blocks.at(Look::normal), 3u);
}

TEST(Map, ShowsShortHolesAndSkipsLongOnes)
{
	const auto blocks = online(0, 1, Zone::normal) + online(4, 4, Zone::normal) +
			    online(9, 9, Zone::movable);
	EXPECT_EQ(drawn(lay_out(blocks, 8, 9)), "0:0 NN..N / 0:9 M");
	EXPECT_EQ(drawn(lay_out(blocks, 16, 9)), "0:0 NN..N....M");
}

TEST(Map, BreaksRowsAtTheWidth)
{
	EXPECT_EQ(drawn(lay_out(online(0, 16, Zone::normal), 8, 9)),
		  "0:0 NNNNNNNN / 0:8 NNNNNNNN / 0:16 N");
}

TEST(Map, PutsSeveralBlocksIntoACellWhereItWouldBeTooHigh)
{
	const auto blocks = online(0, 15, Zone::normal) + online(16, 18, Zone::movable) +
			    std::vector<Block>{block(19, BlockState::offline, Zone::none)};
	const auto map = lay_out(blocks, 8, 1);
	EXPECT_EQ(map.blocks_per_cell, 4u);
	EXPECT_EQ(drawn(map), "0:0 NNNNm") << "most of the last cell is movable";
	EXPECT_EQ(lay_out(blocks, 8, 2).blocks_per_cell, 2u);
	EXPECT_EQ(drawn(lay_out(blocks, 8, 2)), "0:0 NNNNNNNN / 0:16 Mm");
}

TEST(Map, TakesTheSizeOfACellAsGiven)
{
	const auto blocks = online(3, 12, Zone::normal);
	EXPECT_EQ(drawn(lay_out(blocks, 8, 1, 1)), "0:3 NNNNNNNN / 0:11 NN");
	EXPECT_EQ(drawn(lay_out(blocks, 8, 9, 4)), "0:0 NNNN") << "cells begin at a multiple";
}

TEST(Map, OfMoreNodesThanItMayHaveRowsComesToAnEnd)
{
	std::vector<Block> blocks;
	for (int node = 0; node < 5; ++node)
		blocks = blocks + online(static_cast<uint64_t>(node), static_cast<uint64_t>(node),
					 Zone::normal, node);
	EXPECT_EQ(lay_out(blocks, 8, 2).rows.size(), 5u);
}

TEST(Map, OfNothingIsEmpty) { EXPECT_TRUE(lay_out({}, 8, 9).rows.empty()); }

TEST(Stretches, JoinEqualNeighboursOfANode)
{
	const auto blocks = online(0, 2, Zone::normal) + online(3, 4, Zone::movable) +
			    online(5, 6, Zone::movable, 1) + online(8, 8, Zone::movable, 1) +
			    online(9, 9, Zone::movable);
	std::string text;
	for (const auto &one : stretches(blocks))
		text += std::to_string(*one.node) + ":" + std::to_string(one.first) + "-" +
			std::to_string(one.last) + " ";
	EXPECT_EQ(text, "0:0-2 0:3-4 0:9-9 1:5-6 1:8-8 ");
}

} // namespace
} // namespace memhp
