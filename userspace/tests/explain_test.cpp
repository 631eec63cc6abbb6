// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain.h"

#include <functional>

#include <cerrno>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }
constexpr uint64_t buddy = bit(10);
constexpr uint64_t anon = bit(5) | bit(11) | bit(12) | bit(14);
constexpr uint64_t huge_head = bit(17) | bit(15);
constexpr uint64_t huge_tail = bit(17) | bit(16);
constexpr size_t block_pages = 2048;

/// A free block of the movable zone, of which everything is known.
BlockFacts block_of(Zone zone = Zone::movable)
{
	BlockFacts facts;
	facts.block.number = 40;
	facts.block.state = BlockState::online;
	facts.block.zone = zone;
	facts.block.source = Source::acpi_dimm;
	facts.block_size = block_pages * 4096;
	facts.ram.emplace();
	facts.module.emplace();
	facts.room = Room{uint64_t{1} << 30, 100, 0};
	return facts;
}

/// `pages` with these flags, then free ones; of which the first `mapped` are mapped.
void fill(BlockFacts &facts, const std::vector<std::pair<uint64_t, size_t>> &pages,
	  bool mapped = true)
{
	std::vector<uint64_t> flags;
	for (const auto &[flag, count] : pages)
		flags.insert(flags.end(), count, flag);
	flags.resize(block_pages, buddy);
	const std::vector<uint64_t> mapcounts(flags.size(), mapped);
	Census census;
	census.add(flags.data(), mapcounts.data(), flags.size());
	census.finish();
	facts.census = census;
}

void hold(BlockFacts &facts, bool with_owner)
{
	fill(facts, {{anon, 10}});
	facts.module->to_move = 10;
	facts.module->held = 1;
	facts.held.push_back({0x300000, "anon", 2, 1, 1, 1});
	Owner owner;
	owner.pid = 312;
	owner.comm = "holdpage";
	owner.held = {0x300000};
	if (with_owner)
		facts.owners.processes = {owner};
	facts.owners.complete = true;
}

LastFailure failure(const char *stage, int error, Time ago = std::chrono::seconds(3))
{
	LastFailure result;
	result.stage = stage;
	result.error = error;
	result.ago = ago;
	return result;
}

struct Case {
	const char *name;
	std::function<BlockFacts()> facts;
	Answer answer;
	Cause cause;
};

template <typename Change> std::function<BlockFacts()> with(Zone zone, Change change)
{
	return [zone, change] {
		auto facts = block_of(zone);
		fill(facts, {});
		change(facts);
		return facts;
	};
}

const Case cases[] = {
	{"free", with(Zone::movable, [](auto &) {}), Answer::can_go, Cause::none},
	{"free, in a kernel zone", with(Zone::normal, [](auto &) {}), Answer::can_go, Cause::none},
	{"offline", with(Zone::none, [](auto &f) { f.block.state = BlockState::offline; }),
	 Answer::offline, Cause::none},
	{"going online",
	 with(Zone::none, [](auto &f) { f.block.state = BlockState::going_online; }),
	 Answer::unknown, Cause::changing},
	{"several zones", with(Zone::none, [](auto &) {}), Answer::cannot_go, Cause::several_zones},
	{"several zones, by a hole", with(Zone::none, [](auto &f) { f.ram->missing = 1; }),
	 Answer::cannot_go, Cause::hole},
	{"no zone while it goes",
	 with(Zone::none,
	      [](auto &f) {
		      f.block.state = BlockState::going_offline;
		      hold(f, true);
	      }),
	 Answer::cannot_go, Cause::held_page},
	{"a hole", with(Zone::normal, [](auto &f) { f.ram->missing = 36; }), Answer::cannot_go,
	 Cause::hole},
	{"in use",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{anon, 1000}});
		      f.module->to_move = 1000;
	      }),
	 Answer::can_go, Cause::none},
	{"locked, tmpfs",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{anon | bit(18) | bit(33), 100}, {bit(5) | bit(14) | bit(18), 100}});
		      f.module->to_move = 200;
	      }),
	 Answer::can_go, Cause::none},
	{"a balloon",
	 with(Zone::normal,
	      [](auto &f) {
		      fill(f, {{bit(23), 2000}});
	      }),
	 Answer::can_go, Cause::none},
	{"reserved",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{buddy, 1}, {bit(32), 1}});
	      }),
	 Answer::cannot_go, Cause::reserved},
	{"its own memmap",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{bit(32), 512}});
		      f.own_memmap = true;
	      }),
	 Answer::can_go, Cause::none},
	{"more than its own memmap",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{bit(32), 513}});
		      f.own_memmap = true;
	      }),
	 Answer::cannot_go, Cause::reserved},
	{"reserved beside its own memmap",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{bit(32), 512}, {buddy, 1}, {bit(32), 1}});
		      f.own_memmap = true;
	      }),
	 Answer::cannot_go, Cause::reserved},
	{"memory of the boot has its memmap elsewhere",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{bit(32), 512}});
		      f.own_memmap = true;
		      f.block.source = Source::boot;
	      }),
	 Answer::cannot_go, Cause::reserved},
	{"slab", with(Zone::normal, [](auto &f) { f.module->slab = 7; }), Answer::cannot_go,
	 Cause::slab},
	{"slab by the flags alone",
	 with(Zone::normal,
	      [](auto &f) {
		      fill(f, {{bit(7), 1}});
		      f.module.reset();
	      }),
	 Answer::cannot_go, Cause::slab},
	{"page tables",
	 with(Zone::normal,
	      [](auto &f) {
		      f.module->slab = 7;
		      f.module->table = 8;
	      }),
	 Answer::cannot_go, Cause::page_tables},
	{"other memory of the kernel", with(Zone::normal, [](auto &f) { f.module->other = 1; }),
	 Answer::cannot_go, Cause::kernel_pages},
	{"what looks like the kernel's in a movable zone is free",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{0, 5}});
		      f.module.reset();
	      }),
	 Answer::can_go, Cause::none},
	{"and in a kernel zone nobody knows",
	 with(Zone::normal,
	      [](auto &f) {
		      fill(f, {{0, 5}});
		      f.module.reset();
	      }),
	 Answer::unknown, Cause::unseen},
	{"held", with(Zone::movable, [](auto &f) { hold(f, true); }), Answer::cannot_go,
	 Cause::held_page},
	{"held by nobody who is known", with(Zone::movable, [](auto &f) { hold(f, false); }),
	 Answer::cannot_go, Cause::held_page},
	{"held for a moment only", with(Zone::movable, [](auto &f) { f.module->held = 1; }),
	 Answer::can_go, Cause::none},
	{"a veto", with(Zone::movable, [](auto &f) { f.failure = failure("notifier", EBUSY); }),
	 Answer::cannot_go, Cause::veto},
	{"a veto of a node notifier",
	 with(Zone::movable, [](auto &f) { f.failure = failure("node", EBUSY); }),
	 Answer::cannot_go, Cause::veto},
	{"a veto of long ago",
	 with(Zone::movable,
	      [](auto &f) { f.failure = failure("notifier", EBUSY, std::chrono::hours(1)); }),
	 Answer::can_go, Cause::none},
	{"a veto of an online",
	 with(Zone::movable,
	      [](auto &f) {
		      f.failure = failure("notifier", EBUSY);
		      f.failure->offline = false;
	      }),
	 Answer::can_go, Cause::none},
	{"what is held now comes before a veto",
	 with(Zone::movable,
	      [](auto &f) {
		      hold(f, true);
		      f.failure = failure("notifier", EBUSY);
	      }),
	 Answer::cannot_go, Cause::held_page},
	{"pages did not move, and now they would",
	 with(Zone::movable, [](auto &f) { f.failure = failure("migrate", EINTR); }),
	 Answer::can_go, Cause::none},
	{"pages did not move, and nobody sees why",
	 with(Zone::movable,
	      [](auto &f) {
		      f.failure = failure("migrate", EINTR);
		      f.module.reset();
	      }),
	 Answer::unknown, Cause::unexplained},
	{"an unmovable page that is not seen",
	 with(Zone::normal, [](auto &f) { f.failure = failure("isolate", EBUSY); }),
	 Answer::unknown, Cause::unexplained},
	{"a huge page with room",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{huge_head, 1}, {huge_tail, 511}});
		      f.module->huge = 512;
	      }),
	 Answer::can_go, Cause::none},
	{"a huge page without any room",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{huge_head, 1}, {huge_tail, 511}});
		      f.module->huge = 512;
		      f.room = Room{1 << 20, 0, 0};
	      }),
	 Answer::cannot_go, Cause::huge_page},
	{"a huge page with room in small pieces",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{huge_head, 1}, {huge_tail, 511}});
		      f.module->huge = 512;
		      f.room->huge = 0;
	      }),
	 Answer::unknown, Cause::huge_page},
	{"a free huge page needs none",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{huge_head, 1}, {huge_tail, 511}}, false);
		      f.room = Room{1 << 20, 0, 0};
	      }),
	 Answer::can_go, Cause::none},
	{"a huge page that no process maps is in use",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{huge_head, 1}, {huge_tail, 511}}, false);
		      f.module->huge = 512;
		      f.room = Room{1 << 20, 0, 0};
	      }),
	 Answer::cannot_go, Cause::huge_page},
	{"a gigantic page",
	 with(Zone::normal,
	      [](auto &f) {
		      fill(f, {{huge_tail, block_pages}});
		      f.module->huge = block_pages;
	      }),
	 Answer::cannot_go, Cause::huge_page},
	{"a gigantic page, and another one",
	 with(Zone::normal,
	      [](auto &f) {
		      fill(f, {{huge_tail, block_pages}});
		      f.module->huge = block_pages;
		      f.room->gigantic = 1;
	      }),
	 Answer::can_go, Cause::none},
	{"no room",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{anon, 1000}});
		      f.module->to_move = 1000;
		      f.room->bytes = 999 * 4096;
	      }),
	 Answer::cannot_go, Cause::no_room},
	{"just room",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{anon, 1000}});
		      f.module->to_move = 1000;
		      f.room->bytes = 1000 * 4096;
	      }),
	 Answer::can_go, Cause::none},
	{"poisoned",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{bit(19), 1}});
	      }),
	 Answer::can_go_not_back, Cause::poisoned},
	{"poisoned, before the kernel remembered it",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{bit(19), 1}});
		      f.forgets_broken = true;
	      }),
	 Answer::can_go, Cause::poisoned},
	{"poisoned and held",
	 with(Zone::movable,
	      [](auto &f) {
		      hold(f, true);
		      fill(f, {{bit(19), 1}});
	      }),
	 Answer::cannot_go, Cause::held_page},
	{"in use, without the module",
	 with(Zone::movable,
	      [](auto &f) {
		      fill(f, {{anon, 1}});
		      f.module.reset();
	      }),
	 Answer::unknown, Cause::unseen},
	{"free, without the module", with(Zone::movable, [](auto &f) { f.module.reset(); }),
	 Answer::can_go, Cause::none},
	{"the module alone", with(Zone::movable, [](auto &f) { f.census.reset(); }), Answer::can_go,
	 Cause::none},
	{"nothing is known",
	 with(Zone::movable,
	      [](auto &f) {
		      f.census.reset();
		      f.module.reset();
		      f.room.reset();
		      f.ram.reset();
	      }),
	 Answer::unknown, Cause::unseen},
};

TEST(Explain, JudgesByTheFacts)
{
	for (const auto &one : cases) {
		const auto facts = one.facts();
		const auto found = explain(facts);
		EXPECT_EQ(to_string(found.answer), to_string(one.answer)) << one.name;
		EXPECT_EQ(word_for(cause_words, found.cause), word_for(cause_words, one.cause))
			<< one.name << ": " << found.why;
		const bool silent = one.cause == Cause::none;
		EXPECT_EQ(found.why.empty(), silent) << one.name;
		EXPECT_TRUE(silent || !found.advice.empty()) << one.name;
	}
}

TEST(Explain, NamesTheProcessThatHoldsAPage)
{
	auto facts = block_of();
	hold(facts, true);
	auto found = explain(facts);
	EXPECT_EQ(found.why, "page 0x300000 is held and does not move: pid 312 (holdpage): its "
			     "memory, referenced from elsewhere (a pipe, a socket, I/O)");
	EXPECT_EQ(found.advice, "it goes when pid 312 (holdpage) lets go of its pages, or ends; "
				"memhpctl offline tries again until its deadline");

	facts.held.insert(facts.held.begin(), {0x300005, "file", 9, 1, 1, 3});
	facts.module->held = 20;
	EXPECT_EQ(explain(facts).why.substr(0, 34), "20 pages are held; page 0x300000 i")
		<< "the one whose owner is known";
	facts.owners = {};
	facts.owners.complete = true;
	found = explain(facts);
	EXPECT_NE(found.why.find("page 0x300005"), std::string::npos);
	EXPECT_EQ(found.advice.find("pid"), std::string::npos) << found.advice;
}

TEST(Explain, TellsOfAHeldPageBesideMemoryOfTheKernel)
{
	auto facts = block_of(Zone::normal);
	hold(facts, true);
	facts.module->slab = 8;
	const auto found = explain(facts);
	EXPECT_EQ(found.cause, Cause::slab);
	EXPECT_NE(found.why.find("; besides, page 0x300000 is held"), std::string::npos)
		<< found.why;
}

TEST(Explain, NamesWhatIsReserved)
{
	auto facts = block_of(Zone::normal);
	fill(facts, {{bit(32), 300}});
	EXPECT_EQ(explain(facts).why, "300 pages reserved: memory that was given away at boot");
	facts.ram->names = {"Kernel code", "Kernel data"};
	EXPECT_EQ(explain(facts).why, "300 pages reserved: Kernel code, Kernel data");
	facts.ram->names = {"Crash kernel"};
	EXPECT_NE(explain(facts).advice.find("crashkernel="), std::string::npos);
	facts.ram->missing = 36;
	facts.ram->names = {"ACPI Tables"};
	EXPECT_EQ(explain(facts).why, "144K of it is no memory (ACPI Tables)");
}

TEST(Explain, AFailureCountsUntilTheNextSuccess)
{
	const auto parse = [](const std::string &text) {
		return last_failure(*Record::parse(text), std::chrono::seconds(10));
	};
	const auto found = parse("block=40 state=online changed_ns=6000000000 comm=sh work=- "
				 "failed_ns=7000000000 stage=isolate err=16");
	ASSERT_TRUE(found);
	EXPECT_TRUE(found->offline);
	EXPECT_EQ(found->error, 16);
	EXPECT_EQ(found->stage, "isolate");
	EXPECT_EQ(found->ago, std::chrono::seconds(3));
	EXPECT_EQ(found->by, "sh");
	EXPECT_FALSE(parse("block=40 state=online changed_ns=8 failed_ns=7 stage=isolate err=16"));
	EXPECT_FALSE(parse("block=40 state=online changed_ns=8 failed_ns=- stage=- err=-"));
	EXPECT_FALSE(parse("block=40 state=offline changed_ns=6 failed_ns=7 stage=check err=22")
			     ->offline);
}

} // namespace
} // namespace memhp
