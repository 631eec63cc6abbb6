// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/explain.h"

#include <functional>

#include <cerrno>

#include <gtest/gtest.h>

#include "explain_fixture.h"

namespace memhp
{
namespace
{

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
	{"a veto of nobody knows when",
	 with(Zone::movable, [](auto &f) { f.failure = failure("notifier", EBUSY, std::nullopt); }),
	 Answer::unknown, Cause::unexplained},
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

} // namespace
} // namespace memhp
