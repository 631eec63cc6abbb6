// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/shared_blocks.h"

#include <string>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Kind = SharedBlocks::Kind;
using Numbers = std::vector<uint64_t>;

Numbers numbers(const SharedBlocks::Blocks &blocks)
{
	Numbers result;
	for (const auto &[block, origin] : blocks)
		result.push_back(block);
	return result;
}

const Origin movable = {7, Zone::movable};
const Origin normal = {8, Zone::normal};

/// A step: 'b' a lasting request begins, 'p' a passing one, 't' it takes the block offline, 'f' it
/// finds it so, 'o' the block is online again, 'g' it gives up, 'k' it ends and keeps, 'e' it ends.
struct Step {
	char what;
	SharedBlocks::Id id;
	uint64_t block = 0;
};

struct Ended {
	Numbers put_back; ///< by all that gave up, in their order
	Numbers left;
	Numbers kept; ///< for all that kept
};

Ended play(const std::vector<Step> &steps)
{
	SharedBlocks shared;
	Ended ended;
	const auto append = [](Numbers &to, const Numbers &more) {
		to.insert(to.end(), more.begin(), more.end());
	};
	for (const auto &[what, id, block] : steps) {
		switch (what) {
		case 'b':
		case 'p':
			shared.begin(id, what == 'b' ? Kind::lasting : Kind::passing);
			break;
		case 't':
			shared.took(id, block, movable);
			break;
		case 'f':
			shared.found(id, block);
			break;
		case 'o':
			shared.back(block);
			break;
		case 'g': {
			const auto given_up = shared.give_up(id);
			append(ended.put_back, numbers(given_up.put_back));
			append(ended.left, given_up.left);
			break;
		}
		case 'k':
			append(ended.kept, shared.keep(id));
			break;
		default:
			shared.end(id);
		}
	}
	return ended;
}

TEST(SharedBlocks, TheLastThatHasToDoWithABlockDecides)
{
	const struct {
		const char *name;
		std::vector<Step> steps;
		Ended wanted;
	} cases[] = {
		{"alone, and gives up",
		 {{'b', 1}, {'t', 1, 32}, {'t', 1, 33}, {'g', 1}},
		 {{32, 33}, {}, {}}},
		{"alone, and keeps",
		 {{'b', 1}, {'t', 1, 32}, {'f', 1, 40}, {'k', 1}},
		 {{}, {}, {32, 40}}},
		{"what it only found it does not put back", {{'b', 1}, {'f', 1, 32}, {'g', 1}}, {}},
		{"another counts on it",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'t', 1, 33}, {'f', 2, 33}, {'g', 1}},
		 {{32}, {33}, {}}},
		{"and gives up as well",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'g', 1}, {'e', 1}, {'g', 2}},
		 {{32}, {32}, {}}},
		{"and keeps it",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'g', 1}, {'k', 2}},
		 {{}, {32}, {32}}},
		{"who has kept it is gone by then",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'k', 2}, {'g', 1}},
		 {{}, {}, {32}}},
		{"who only ends has kept nothing",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'e', 2}, {'g', 1}},
		 {{32}, {}, {}}},
		{"another that has given up counts on nothing",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'g', 2}, {'g', 1}},
		 {{32}, {}, {}}},
		{"both took it, in turn",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'t', 2, 32}, {'g', 2}, {'g', 1}},
		 {{32}, {32}, {}}},
		{"three in a row",
		 {{'b', 1},
		  {'b', 2},
		  {'b', 3},
		  {'t', 1, 32},
		  {'f', 2, 32},
		  {'f', 3, 32},
		  {'g', 1},
		  {'g', 2},
		  {'g', 3}},
		 {{32}, {32, 32}, {}}},
		{"a trial counts on nothing",
		 {{'b', 1}, {'p', 2}, {'t', 1, 32}, {'f', 2, 32}, {'g', 1}},
		 {{32}, {}, {}}},
		{"but what it took is left to others",
		 {{'p', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'g', 1}, {'g', 2}},
		 {{32}, {32}, {}}},
		{"a part of a larger work keeps nothing for good",
		 {{'b', 1}, {'p', 2}, {'t', 1, 32}, {'f', 2, 32}, {'k', 2}, {'g', 1}},
		 {{32}, {}, {}}},
		{"somebody has onlined it",
		 {{'b', 1}, {'b', 2}, {'t', 1, 32}, {'f', 2, 32}, {'o', 0, 32}, {'g', 1}, {'g', 2}},
		 {}},
	};
	for (const auto &test : cases) {
		const auto ended = play(test.steps);
		EXPECT_EQ(ended.put_back, test.wanted.put_back) << test.name;
		EXPECT_EQ(ended.left, test.wanted.left) << test.name;
		EXPECT_EQ(ended.kept, test.wanted.kept) << test.name;
	}
}

TEST(SharedBlocks, TheOriginGoesWithTheDuty)
{
	SharedBlocks shared;
	shared.begin(1, Kind::lasting);
	shared.begin(2, Kind::lasting);
	shared.took(1, 32, normal);
	shared.found(2, 32);
	static_cast<void>(shared.give_up(1));
	EXPECT_EQ(shared.give_up(2).put_back, (SharedBlocks::Blocks{{32, normal}}));
}

TEST(SharedBlocks, IsLeftByWhoIsNoRequest)
{
	SharedBlocks shared;
	shared.begin(1, Kind::passing);
	shared.begin(2, Kind::lasting);
	shared.found(1, 32);
	EXPECT_FALSE(shared.leave(32, movable));
	shared.found(2, 32);
	EXPECT_TRUE(shared.leave(32, movable));
	EXPECT_EQ(shared.give_up(2).put_back, (SharedBlocks::Blocks{{32, movable}}));
	EXPECT_FALSE(shared.leave(32, movable));
}

TEST(SharedBlocks, AreReturningUntilTheyAreBackOrNobodyTriesAnyMore)
{
	SharedBlocks shared;
	shared.begin(1, Kind::lasting);
	shared.begin(2, Kind::lasting);
	shared.took(1, 32, movable);
	shared.took(1, 33, movable);
	shared.took(2, 34, movable);
	EXPECT_TRUE(shared.returning().empty());
	static_cast<void>(shared.give_up(1));
	EXPECT_EQ(shared.returning(), (SharedBlocks::Blocks{{32, movable}, {33, movable}}));
	shared.back(32);
	EXPECT_EQ(shared.returning(), (SharedBlocks::Blocks{{33, movable}}));
	shared.end(1);
	EXPECT_TRUE(shared.returning().empty());
}

TEST(SharedBlocks, TheRecordIsWhatWouldBeForgotten)
{
	SharedBlocks shared;
	shared.begin(1, Kind::lasting);
	shared.begin(2, Kind::lasting);
	shared.took(1, 32, movable);
	shared.took(1, 33, normal);
	shared.found(2, 33);
	EXPECT_EQ(shared.record(2), SharedBlocks::Record());
	static_cast<void>(shared.keep(2));
	EXPECT_EQ(shared.record(1), (SharedBlocks::Record{{33}, {{32, movable}}}));
	EXPECT_EQ(shared.record(2), SharedBlocks::Record()) << "it is no more";

	SharedBlocks next;
	next.begin(1, Kind::lasting, shared.record(1).kept);
	EXPECT_EQ(next.record(1), (SharedBlocks::Record{{33}, {}}));
	next.took(1, 33, movable);
	EXPECT_EQ(next.record(1), (SharedBlocks::Record{{}, {{33, movable}}})) << "by itself, now";
	next.back(33);
	EXPECT_EQ(next.record(1), SharedBlocks::Record());
}

} // namespace
} // namespace memhp
