// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/onliner.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "system/base/log.h"

namespace memhp
{
namespace
{

constexpr Time burst_pause = std::chrono::seconds(1);
/// The kernel has ended when nothing has happened for so long; the longer one where it has not
/// onlined all that has come: it can take seconds between the one and the other.
constexpr Time kernel_pause = std::chrono::milliseconds(500);
constexpr Time kernel_patience = std::chrono::seconds(5);
/// Barriers in a round, after which a device that still grows is handled as far as it came.
constexpr unsigned max_looks = 3;

} // namespace

Onliner::Onliner(Loop &loop, const Sysfs &sysfs, Engine &engine, OnlinePolicy policy, Hooks hooks)
	: loop_(loop), sysfs_(sysfs), engine_(engine), policy_(std::move(policy)),
	  hooks_(std::move(hooks)), look_(loop, sysfs, [this] { hooks_.drain(); }),
	  check_(loop, sysfs, [this] { hooks_.drain(); }),
	  dax_(loop, sysfs, engine, [this] { hooks_.changed(); }),
	  rezone_(engine, {[this] { hooks_.save(); },
			   [this](uint64_t block, bool begin) { away(block, begin); },
			   [this](uint64_t block, Zone zone, bool by_another) {
				   moved(block, zone, by_another);
			   },
			   [this] { begin_round(); }}),
	  borrow_(sysfs, engine,
		  {[this] { hooks_.save(); },
		   [this](uint64_t block, bool begin) { away(block, begin); },
		   [this](uint64_t block, Zone zone, bool by_another) {
			   came_back(block, zone, by_another);
		   }})
{
}

void Onliner::away(uint64_t block, bool begin)
{
	// The events of the move are not to be taken for another's doing.
	hooks_.drain();
	begin ? ledger_.begin_move(block) : ledger_.end_move(block);
}

void Onliner::came_back(uint64_t block, Zone zone, bool by_another)
{
	touched(block);
	if (zone != Zone::none)
		ledger_.went_online(block);
	else
		// Somebody has taken it offline on purpose, or policy has to try again.
		by_another ? ledger_.went_offline(block) : ledger_.renew(block);
	hooks_.changed();
}

std::map<uint64_t, uint64_t> Onliner::moving() const
{
	auto blocks = rezone_.open();
	blocks.insert(borrow_.open().begin(), borrow_.open().end());
	return blocks;
}

void Onliner::set_limits(const Rezone::Limits &limits, bool keep_type)
{
	keep_type_ = keep_type;
	rezone_.configure(limits, keep_type);
}

void Onliner::start(std::optional<std::map<uint64_t, Ledger::Entry>> saved,
		    const std::map<std::string, OnlineType> &dax,
		    std::optional<OnlineType> kernel_default,
		    const std::map<uint64_t, uint64_t> &moving)
{
	kernel_default_ = kernel_default;
	auto unknown = Ledger::Standing::fresh;
	if (saved)
		ledger_.restore(std::move(*saved));
	else if (!policy_.first_scan_online)
		unknown = Ledger::Standing::deliberate;

	// What the memhpd before took offline for a moment, nobody wants offline.
	for (const auto &[block, inode] : moving)
		if (const auto entry = ledger_.entries().find(block);
		    entry != ledger_.entries().end() && entry->second.inode == inode)
			ledger_.renew(block);
	const auto blocks = sysfs_.scan({.candidates = false});
	if (blocks) {
		observe(*blocks, unknown, true);
		bring_back(*blocks, moving);
	} else {
		log::error("first scan failed: {}", blocks.error().message);
	}
	dax_.resume(dax);
	begin_round();
	schedule_check();
}

void Onliner::set_policy(OnlinePolicy policy)
{
	policy_ = std::move(policy);
	begin_round();
}

void Onliner::on_uevent(const Uevent &event)
{
	last_event_ = Loop::now();
	switch (event.action) {
	case Uevent::Action::add:
		if (!is_news(event.block))
			return;
		touched(event.block);
		recall_.added(event.block);
		last_add_ = last_event_;
		// The kernel onlines with the hotplug lock held: to wait for that, and to look
		// before it has done, would only slow it down.
		if (mode_ == OnlineMode::kernel) {
			expected_.insert(event.block);
			begin_round_in_a_pause();
		} else {
			begin_round();
		}
		return;
	case Uevent::Action::online:
		touched(event.block);
		expected_.erase(event.block);
		ledger_.went_online(event.block);
		// The kernel has put it back by itself, and forgotten the type.
		if (keep_type_ && in_job_.count(event.block) == 0 && kept_.count(event.block) == 0)
			begin_round();
		break;
	case Uevent::Action::offline:
		touched(event.block);
		ledger_.went_offline(event.block);
		kept_.erase(event.block);
		break;
	case Uevent::Action::remove:
	case Uevent::Action::other:
		touched(event.block);
		return;
	}
	hooks_.changed();
}

bool Onliner::is_news(uint64_t block) const
{
	if (ledger_.entries().count(block) == 0)
		return true;
	const auto inode = sysfs_.inode(block);
	return ledger_.is_news(block, inode ? std::optional(*inode) : std::nullopt);
}

void Onliner::finish()
{
	policy_.owner_grace = Time{};
	last_add_ = Time{};
	begin_round();
}

void Onliner::note(Change change, const Attempted &attempted)
{
	if (!attempted.outcome.reached)
		return;
	touched(attempted.block);
	if (change == Change::online) {
		ledger_.went_online(attempted.block);
		ledger_.zone_chosen(attempted.block, Ledger::Chooser::request);
		ledger_.explain(attempted.block, "online by request");
	} else {
		ledger_.went_offline(attempted.block);
	}
	hooks_.changed();
}

Time Onliner::pause() const { return expected_.empty() ? kernel_pause : kernel_patience; }

void Onliner::begin_round_in_a_pause()
{
	if (pause_source_)
		return;
	pause_source_ = loop_.timer(Loop::now() + kernel_pause, [this] {
		pause_source_.reset();
		if (Loop::now() < last_event_ + pause()) {
			begin_round_in_a_pause();
			return;
		}
		expected_.clear();
		begin_round();
	});
}

void Onliner::begin_round()
{
	if (in_round_) {
		again_ = true;
		return;
	}
	in_round_ = true;
	again_ = false;
	looks_ = 0;
	seen_.clear();
	engine_.barrier([this](bool passed) { continue_round(passed); });
}

void Onliner::continue_round(bool passed)
{
	if (!passed)
		log::warning(
			"the hotplug lock was not free for a minute; going on without waiting");
	// What an older life of a block sent must not be taken for the new one; and an addition
	// that is announced from here on is of a block that the list below may lack.
	hooks_.drain();
	again_ = false;
	lost_meanwhile_ = false;
	look_.list([this](const Result<std::vector<uint64_t>> &numbers) { listed(numbers); });
}

void Onliner::listed(const Result<std::vector<uint64_t>> &numbers)
{
	if (numbers && *numbers != seen_ && ++looks_ < max_looks) {
		seen_ = *numbers;
		engine_.barrier([this](bool also_passed) { continue_round(also_passed); });
		return;
	}
	if (!numbers) {
		in_round_ = false;
		log::error("listing the memory blocks failed: {}", numbers.error().message);
		return;
	}
	if (std::exchange(read_all_, false))
		recall_.clear();
	look_began_ = Loop::now();
	look_.begin(follows_events_ ? &recall_ : nullptr,
		    [this, grown = *numbers != seen_](const Result<std::vector<Block>> &blocks) {
			    end_round(blocks, grown);
		    });
}

void Onliner::observe(const std::vector<Block> &blocks, Ledger::Standing unknown_offline,
		      bool first)
{
	++counters_.scans;
	const auto news = ledger_.observe(blocks, Loop::now(), unknown_offline);
	// Who onlined what was there before is not known, and not the kernel's doing under memhpd.
	if (!first)
		born_.insert(news.born.begin(), news.born.end());
	for (auto block = born_.begin(); block != born_.end();)
		block = ledger_.entries().count(*block) ? std::next(block) : born_.erase(block);
	if (!news.taken_offline.empty())
		log::info("blocks {} were taken offline; they stay so until memhpctl online",
			  format_ranges(news.taken_offline));
	if (hooks_.scanned)
		hooks_.scanned(blocks);
	if (news.changed)
		hooks_.changed();
}

void Onliner::report_later()
{
	if (!burst_source_)
		burst_source_ = loop_.timer(Loop::now() + burst_pause, [this] { report_burst(); });
}

void Onliner::report_burst()
{
	const auto quiet_until = burst_.last() + burst_pause;
	if (Loop::now() < quiet_until) {
		burst_source_ = loop_.timer(quiet_until, [this] { report_burst(); });
		return;
	}
	burst_source_.reset();
	for (const auto &line : burst_.lines(sysfs_.block_size(), mode_ == OnlineMode::kernel))
		log::info("{}", line);
	for (const auto &line : burst_.warnings(sysfs_.block_size()))
		log::warning("{}", line);
	burst_ = burst_.next();
}

} // namespace memhp
