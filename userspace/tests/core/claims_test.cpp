// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/claims.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

using Nodes = std::vector<int>;

TEST(ParseNodes, ReadsTheKernelsLists)
{
	EXPECT_EQ(parse_nodes(""), Nodes{});
	EXPECT_EQ(parse_nodes("0"), Nodes{0});
	EXPECT_EQ(parse_nodes("0-2,5,7-8"), (Nodes{0, 1, 2, 5, 7, 8}));
	EXPECT_EQ(parse_nodes("4095"), Nodes{4095});
	for (const auto *text : {"x", "1-", "-1", "2-1", "1,,2", "0-4096", "1 2", "0-99999999999"})
		EXPECT_FALSE(parse_nodes(text)) << text;
}

TEST(BoundNodes, AreThoseOfABoundPolicyOnly)
{
	const struct {
		const char *line;
		Nodes nodes;
	} cases[] = {
		{"7f0000000000 bind:1 anon=512 dirty=512 N1=512 kernelpagesize_kB=4", {1}},
		{"7f0000000000 bind:0-1,3", {0, 1, 3}},
		{"7f0000000000 bind=static:1 file=/a\\040bind:2", {1}},
		{"7f0000000000 bind=relative|balancing:2 anon=1", {2}},
		{"7f0000000000 default anon=512 N1=512", {}},
		{"7f0000000000 prefer:1 anon=512", {}},
		{"7f0000000000 prefer (many):1 anon=512", {}},
		{"7f0000000000 interleave:0-1 anon=512", {}},
		{"7f0000000000 default file=/bind:1", {}},
		{"7f0000000000 binder:1", {}},
		{"7f0000000000 bind", {}},
		{"7f0000000000 bind:lunch", {}},
		{"7f0000000000", {}},
		{"", {}},
	};
	for (const auto &one : cases)
		EXPECT_EQ(bound_nodes(one.line), one.nodes) << one.line;
}

TEST(EmptiedNodes, AreThoseWhoseLastMemoryGoes)
{
	std::vector<Block> blocks = {online_block(0, Zone::normal, 0), online_block(1),
				     online_block(8, Zone::movable, 1), offline_block(9, 1),
				     online_block(10, Zone::movable, 1)};
	EXPECT_EQ(emptied_nodes(blocks, {}), Nodes{});
	EXPECT_EQ(emptied_nodes(blocks, {8}), Nodes{});
	EXPECT_EQ(emptied_nodes(blocks, {8, 10}), Nodes{1}) << "9 is offline";
	EXPECT_EQ(emptied_nodes(blocks, {0, 1, 8, 10}), (Nodes{0, 1}));
	blocks[4].node.reset();
	EXPECT_EQ(emptied_nodes(blocks, {8, 10}), Nodes{1}) << "10 is of no node";
}

TEST(TakesTheLast, IsOfABlockThatIsOnlineAlone)
{
	const std::vector<Block> blocks = {online_block(0, Zone::normal, 0),
					   online_block(1, Zone::normal, 0),
					   online_block(8, Zone::movable, 1), offline_block(9, 1)};
	const struct {
		uint64_t block;
		int node;
		bool wanted;
	} cases[] = {{8, 1, true}, {9, 1, false}, {0, 0, false}, {8, 0, false}, {77, 1, false}};
	for (const auto &one : cases)
		EXPECT_EQ(takes_the_last(blocks, one.block, one.node), one.wanted)
			<< one.block << " of " << one.node;
}

TEST(SpareBlocks, AreThoseBeyondTheLastTwo)
{
	constexpr uint64_t size = uint64_t{1} << 27;
	const struct {
		std::optional<uint64_t> bytes;
		size_t wanted;
	} cases[] = {{std::nullopt, 0}, {0, 0},	       {size, 0},	 {2 * size, 0},
		     {3 * size - 1, 0}, {3 * size, 1}, {512 * size, 510}};
	for (const auto &one : cases)
		EXPECT_EQ(spare_blocks(one.bytes, size), one.wanted) << one.bytes.value_or(1);
}

TEST(ByNode, NamesThreeAndCountsTheRest)
{
	const auto names = by_node({{"a", {0, 1}}, {"b", {1}}, {"c", {1}}, {"d", {1}}, {"e", {}}});
	EXPECT_EQ(names.size(), 2u);
	EXPECT_EQ(names.at(0), "a");
	EXPECT_EQ(names.at(1), "a, b, c and 1 more");
}

} // namespace
} // namespace memhp
