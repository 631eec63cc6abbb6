// SPDX-License-Identifier: GPL-2.0-only
// When all blocks are looked at, and what a look that nothing was added for is good for.
#include <algorithm>

#include "core/base/pace.h"
#include "memhpd/onliner.h"
#include "system/base/log.h"

namespace memhp
{
namespace
{

constexpr Time check_interval = std::chrono::minutes(1);

} // namespace

void Onliner::set_turn(Time turn)
{
	look_.set_turn(turn);
	check_.set_turn(turn);
}

void Onliner::touched(uint64_t block)
{
	recall_.touched(block);
	look_.touched(block);
	check_.touched(block);
}

void Onliner::look()
{
	read_all_ = true;
	begin_round();
}

void Onliner::on_lost()
{
	++counters_.lost_events;
	recall_.clear();
	look_.lost();
	check_.lost();
	if (worth_a_line(counters_.lost_events))
		log::warning("the kernel dropped uevents ({} times so far); looking at all blocks",
			     counters_.lost_events);
	if (look_.busy())
		// All is read anew; but what was added is not settled in this round.
		lost_meanwhile_ = true;
	else if (!in_round_)
		look_in_time();
	// Else the list of blocks will be read once more in this round: nothing is missed.
}

void Onliner::look_in_time()
{
	// Each online has an event that may be lost: a look for each would take all the time.
	const auto now = Loop::now();
	const auto at = next_look(now, looked_at_, look_took_);
	if (at > now)
		look_again(at);
	else
		begin_round();
}

void Onliner::end_round(const Result<std::vector<Block>> &blocks, bool grown)
{
	in_round_ = false;
	if (!follows_events_)
		// All was read. What it has begun to read may be older.
		check_.cancel();
	act(blocks, seen_);
	if (again_ || grown)
		begin_round();
	else if (lost_meanwhile_)
		look_in_time();
}

bool Onliner::take(const Result<std::vector<Block>> &blocks)
{
	looking_at_ = blocks ? &*blocks : nullptr;
	hooks_.look_around();
	looking_at_ = nullptr;
	if (!blocks) {
		log::error("looking at the memory blocks failed: {}", blocks.error().message);
		return false;
	}
	recall_.fill(*blocks);
	observe(*blocks);
	return true;
}

void Onliner::check()
{
	hooks_.drain();
	schedule_check();
	if (!check_.busy())
		check_.begin(nullptr,
			     [this](const Result<std::vector<Block>> &blocks) { checked(blocks); });
}

void Onliner::checked(const Result<std::vector<Block>> &blocks)
{
	if (!take(blocks))
		return;
	survey(group_by_device(*blocks), counted(*blocks));
	const bool fresh = std::any_of(blocks->begin(), blocks->end(),
				       [this](const Block &block) { return waits(block); });
	if (fresh || !born_.empty() || (policy_.rezone && !misplaced_.empty()))
		begin_round();
}

void Onliner::schedule_check()
{
	check_source_ = loop_.timer(Loop::now() + check_interval, [this] { check(); });
}

void Onliner::look_again(Time at)
{
	if (look_again_source_ && look_again_at_ <= at)
		return;
	look_again_at_ = at;
	look_again_source_ = loop_.timer(at, [this] {
		look_again_source_.reset();
		begin_round();
	});
}

} // namespace memhp
