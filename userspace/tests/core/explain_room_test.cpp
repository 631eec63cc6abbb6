// SPDX-License-Identifier: GPL-2.0-only
// Blocks with huge pages, and what there is elsewhere for them.
#include <functional>

#include <gtest/gtest.h>

#include "explain_fixture.h"

namespace memhp
{
namespace
{

/// A block of the movable zone with so many huge pages, of which the first are in use.
BlockFacts huge_block(size_t count, size_t in_use)
{
	auto facts = block_of();
	std::vector<std::pair<uint64_t, size_t>> pages;
	for (size_t i = 0; i < count; ++i) {
		pages.emplace_back(huge_head, 1);
		pages.emplace_back(huge_tail, 511);
	}
	fill(facts, pages, false);
	facts.module->huge = in_use * 512;
	facts.room->huge[huge_size] = {};
	return facts;
}

/// One of a gigantic page, which is in use.
BlockFacts gigantic_block()
{
	auto facts = block_of();
	fill(facts, {{huge_tail, block_pages}});
	facts.module->huge = block_pages;
	return facts;
}

struct Case {
	const char *name;
	BlockFacts facts;
	std::function<void(BlockFacts &)> change;
	Answer answer;
	Cause cause = Cause::none;
};

/// The room for the usual ones: bytes; in the pools, in pieces, and not reserved.
std::function<void(BlockFacts &)> room(uint64_t bytes, HugeRoom huge)
{
	return [=](BlockFacts &facts) {
		facts.room->bytes = bytes;
		facts.room->huge[huge_size] = huge;
	};
}

std::function<void(BlockFacts &)> gigantic_room(uint64_t bytes, HugeRoom huge)
{
	return [=](BlockFacts &facts) {
		facts.room->bytes = bytes;
		facts.room->huge[gigantic_size] = huge;
	};
}

constexpr uint64_t mib = 1 << 20;

const Case cases[] = {
	{"memory in pieces", huge_block(1, 1), room(100 * mib, {false, 0, 1, 0}), Answer::can_go},
	{"memory, but in no piece", huge_block(1, 1), room(100 * mib, {false, 0, 0, 0}),
	 Answer::unknown, Cause::huge_page},
	{"no memory", huge_block(1, 1), room(mib, {false, 0, 0, 0}), Answer::cannot_go,
	 Cause::huge_page},
	{"a piece that the kernel keeps for emergencies", huge_block(1, 1),
	 room(mib, {false, 0, 1, 0}), Answer::cannot_go, Cause::huge_page},
	{"no memory, but a free one in a pool", huge_block(1, 1), room(0, {false, 1, 0, 1}),
	 Answer::can_go},
	{"those in the pools are reserved", huge_block(1, 1), room(0, {false, 1, 0, 0}),
	 Answer::cannot_go, Cause::huge_page},
	{"some are reserved: which, is open", huge_block(3, 3), room(0, {false, 3, 0, 1}),
	 Answer::can_go},
	{"the pools have too few, and memory makes up for it", huge_block(4, 4),
	 room(4 * mib, {false, 2, 2, 2}), Answer::can_go},
	{"pieces are not memory besides", huge_block(4, 4), room(2 * mib, {false, 2, 1, 2}),
	 Answer::cannot_go, Cause::huge_page},
	{"all of the memory is in pieces, and it is not enough", huge_block(3, 3),
	 room(4 * mib, {false, 0, 2, 0}), Answer::cannot_go, Cause::huge_page},
	{"just enough, if it were in pieces", huge_block(3, 3), room(6 * mib, {false, 0, 2, 0}),
	 Answer::unknown, Cause::huge_page},
	{"free ones need none", huge_block(3, 0), room(0, {false, 0, 0, 3}), Answer::can_go},
	{"free ones that the pool does not let go", huge_block(3, 0), room(0, {false, 0, 0, 2}),
	 Answer::cannot_go, Cause::huge_page},
	{"that is worse than a doubt", huge_block(3, 1), room(100 * mib, {false, 0, 0, 1}),
	 Answer::cannot_go, Cause::huge_page},
	{"without the module nobody knows which are free", huge_block(3, 0),
	 [](BlockFacts &facts) {
		 room(0, {false, 0, 0, 2})(facts);
		 facts.module.reset();
	 },
	 Answer::unknown, Cause::unseen},
	{"without the module those that are mapped are in use", huge_block(1, 0),
	 [](BlockFacts &facts) {
		 fill(facts, {{huge_head, 1}, {huge_tail, 511}});
		 room(mib, {false, 0, 0, 0})(facts);
		 facts.module.reset();
	 },
	 Answer::cannot_go, Cause::huge_page},
	{"without the module free ones do not have to move", huge_block(4, 0),
	 [](BlockFacts &facts) {
		 room(mib, {false, 0, 0, 4})(facts);
		 facts.module.reset();
	 },
	 Answer::unknown, Cause::unseen},
	{"of pools nothing is known", huge_block(1, 1),
	 [](BlockFacts &facts) { facts.room->huge.clear(); }, Answer::unknown, Cause::huge_page},
	{"of pools nothing is known, and none is in use", huge_block(1, 0),
	 [](BlockFacts &facts) { facts.room->huge.clear(); }, Answer::can_go},
	{"what moves to a pool takes no memory", huge_block(3, 3), room(mib, {false, 3, 0, 3}),
	 Answer::can_go},
	{"what else moves does", huge_block(3, 3),
	 [](BlockFacts &facts) {
		 room(mib, {false, 3, 0, 3})(facts);
		 facts.module->to_move = 257;
	 },
	 Answer::cannot_go, Cause::no_room},
	{"a gigantic one, and another", gigantic_block(), gigantic_room(0, {true, 1, 0, 1}),
	 Answer::can_go},
	{"a gigantic one, and memory", gigantic_block(),
	 gigantic_room(uint64_t{64} << 30, {true, 0, 0, 0}), Answer::cannot_go, Cause::huge_page},
	{"a gigantic one, and the other is reserved", gigantic_block(),
	 gigantic_room(uint64_t{64} << 30, {true, 1, 0, 0}), Answer::cannot_go, Cause::huge_page},
	{"a free gigantic one", gigantic_block(),
	 [](BlockFacts &facts) {
		 fill(facts, {{huge_tail, block_pages}}, false);
		 facts.module->huge = 0;
		 gigantic_room(0, {true, 0, 0, 1})(facts);
	 },
	 Answer::can_go},
	{"a free gigantic one that is reserved", gigantic_block(),
	 [](BlockFacts &facts) {
		 fill(facts, {{huge_tail, block_pages}}, false);
		 facts.module->huge = 0;
	 },
	 Answer::cannot_go, Cause::huge_page},
	{"cut off: perhaps of the larger size, of which there is one", gigantic_block(),
	 [](BlockFacts &facts) {
		 facts.room->huge[block_pages * 4096] = {false, 0, 0, 0};
		 gigantic_room(0, {true, 1, 0, 1})(facts);
	 },
	 Answer::can_go},
	{"cut off: perhaps of the smaller size, which memory could make", gigantic_block(),
	 [](BlockFacts &facts) {
		 facts.room->huge[block_pages * 4096] = {false, 0, 0, 0};
		 gigantic_room(uint64_t{1} << 30, {true, 0, 0, 0})(facts);
	 },
	 Answer::unknown, Cause::huge_page},
};

TEST(ExplainRoom, DecidesOnHugePages)
{
	for (auto one : cases) {
		one.change(one.facts);
		const auto found = explain(one.facts);
		EXPECT_EQ(to_string(found.answer), to_string(one.answer))
			<< one.name << ": " << found.why;
		EXPECT_EQ(word_for(cause_words, found.cause), word_for(cause_words, one.cause))
			<< one.name << ": " << found.why;
	}
}

TEST(ExplainRoom, IsToldInNumbers)
{
	auto usual = huge_block(3, 2);
	room(3 * mib, {false, 1, 1, 1})(usual);
	EXPECT_EQ(explain(usual).cause, Cause::none);
	room(mib, {false, 1, 0, 1})(usual);
	EXPECT_EQ(explain(usual).why, "2 huge pages are in use, and elsewhere 1 is free in pools, "
				      "and there is memory for 0 more");
	room(3 * mib, {false, 0, 1, 1})(usual);
	EXPECT_EQ(explain(usual).answer, Answer::cannot_go);
	auto gigantic = gigantic_block();
	EXPECT_EQ(explain(gigantic).why,
		  "1 gigantic page is in use, and no other is free elsewhere "
		  "that could take its place");
	auto kept = huge_block(3, 0);
	room(0, {false, 0, 0, 2})(kept);
	EXPECT_EQ(explain(kept).why,
		  "3 huge pages are free in it, and 2 of the free ones of this machine are not "
		  "reserved for somebody: the pool does not let them go");
}

TEST(ExplainRoom, SizesShareWhatTheModuleCounts)
{
	// Two of 64 KiB, of which one is mapped, and two of 2 MiB: the module saw 2 MiB in use.
	auto facts = block_of();
	fill(facts,
	     {{huge_head, 1},
	      {huge_tail, 15},
	      {huge_head, 1},
	      {huge_tail, 15},
	      {huge_head, 1},
	      {huge_tail, 511},
	      {huge_head, 1},
	      {huge_tail, 511}},
	     false);
	facts.module->huge = 512;
	facts.room->huge[64 << 10] = {};
	const auto uses = huge_uses(facts);
	ASSERT_EQ(uses.size(), 2u);
	EXPECT_EQ(uses[0].bytes, 64u << 10);
	EXPECT_EQ(uses[0].least, 0u);
	EXPECT_EQ(uses[0].most, 2u);
	EXPECT_EQ(uses[0].free, 0u);
	EXPECT_EQ(uses[1].least, 1u) << "480 pages of it cannot be of the small ones";
	EXPECT_EQ(uses[1].most, 1u);
	EXPECT_EQ(uses[1].free, 1u);
}

TEST(ExplainRoom, OnTheOnlyNodeIsLessWhatTheBlockHas)
{
	auto facts = huge_block(2, 1); // and 1024 free pages
	facts.room->bytes = 10 * mib;
	facts.room->huge[huge_size] = {false, 5, 6, 7};
	EXPECT_EQ(less_own(facts).bytes, 10 * mib) << "elsewhere";
	facts.room->elsewhere = false;
	const auto rest = less_own(facts);
	EXPECT_EQ(rest.bytes, 6 * mib);
	EXPECT_EQ(rest.huge.at(huge_size).pieces, 4u);
	EXPECT_EQ(rest.huge.at(huge_size).pool, 4u);
	EXPECT_EQ(rest.huge.at(huge_size).spare, 7u);
	facts.census.reset();
	EXPECT_EQ(less_own(facts).bytes, 10 * mib);
}

/// arm64 with pages of 64 KiB: its usual huge pages are larger than those of x86 with 1 GiB of
/// small ones.
TEST(ExplainRoom, GiganticIsWhatTheAllocatorDoesNotGive)
{
	auto facts = block_of();
	facts.page_size = 64 << 10;
	facts.block_size = uint64_t{512} << 20;
	std::vector<uint64_t> flags(8192, huge_tail);
	flags[0] = huge_head;
	const std::vector<uint64_t> counts(8192, 1);
	Census census;
	census.add(flags.data(), counts.data(), flags.size());
	census.finish();
	facts.census = census;
	facts.module->huge = 8192;
	facts.room->huge = {{facts.block_size, {false, 0, 1, 0}}};
	EXPECT_EQ(explain(facts).answer, Answer::can_go);
	facts.room->huge[facts.block_size].gigantic = true;
	EXPECT_EQ(explain(facts).answer, Answer::cannot_go);
}

} // namespace
} // namespace memhp
