// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/onliner.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/pace.h"
#include "system/log.h"

namespace memhp
{
namespace
{

constexpr Time rescan_interval = std::chrono::minutes(1);
/// A device that grows block by block has paused when nothing came for this long.
constexpr Time growth_pause = std::chrono::milliseconds(500);
constexpr Time burst_pause = std::chrono::seconds(1);
/// Barriers in a round, after which a device that still grows is handled as far as it came.
constexpr unsigned max_looks = 3;

} // namespace

Onliner::Onliner(Loop &loop, const Sysfs &sysfs, Engine &engine, OnlinePolicy policy, Hooks hooks)
	: loop_(loop), sysfs_(sysfs), engine_(engine), policy_(std::move(policy)),
	  hooks_(std::move(hooks)), dax_(loop, sysfs, engine, [this] { hooks_.changed(); })
{
}

void Onliner::start(std::optional<std::map<uint64_t, Ledger::Entry>> saved,
		    const std::map<std::string, OnlineType> &dax,
		    std::optional<OnlineType> kernel_default)
{
	kernel_default_ = kernel_default;
	auto unknown = Ledger::Standing::fresh;
	if (saved)
		ledger_.restore(std::move(*saved));
	else if (!policy_.first_scan_online)
		unknown = Ledger::Standing::deliberate;

	const auto blocks = sysfs_.scan();
	if (blocks)
		observe(*blocks, unknown);
	else
		log::error("first scan failed: {}", blocks.error().message);
	// Who onlined what was there before is not known, and not the kernel's doing under memhpd.
	born_.clear();
	dax_.resume(dax);
	begin_round();
	schedule_rescan();
}

void Onliner::set_policy(OnlinePolicy policy)
{
	policy_ = std::move(policy);
	begin_round();
}

void Onliner::on_uevent(const Uevent &event)
{
	switch (event.action) {
	case Uevent::Action::add:
		if (!is_news(event.block))
			return;
		last_add_ = Loop::now();
		begin_round();
		return;
	case Uevent::Action::online:
		ledger_.went_online(event.block);
		break;
	case Uevent::Action::offline:
		ledger_.went_offline(event.block);
		break;
	case Uevent::Action::remove:
	case Uevent::Action::other:
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

void Onliner::on_lost()
{
	++counters_.lost_events;
	if (worth_a_line(counters_.lost_events))
		log::warning("the kernel dropped uevents ({} times so far); looking at all blocks",
			     counters_.lost_events);
	// The list of blocks will be read once more in this round: nothing is missed.
	if (in_round_)
		return;
	// Each online has an event that may be lost: a look for each would take all the time.
	const auto now = Loop::now();
	const auto at = next_look(now, looked_at_, look_took_);
	if (at > now)
		look_again(at);
	else
		begin_round();
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
	if (change == Change::online) {
		ledger_.went_online(attempted.block);
		ledger_.explain(attempted.block, "online by request");
	} else {
		ledger_.went_offline(attempted.block);
	}
	hooks_.changed();
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
	const auto numbers = sysfs_.numbers();
	if (numbers && *numbers != seen_ && ++looks_ < max_looks) {
		seen_ = *numbers;
		engine_.barrier([this](bool also_passed) { continue_round(also_passed); });
		return;
	}
	in_round_ = false;
	if (!numbers) {
		log::error("listing the memory blocks failed: {}", numbers.error().message);
		return;
	}
	hooks_.look_around();
	act(seen_);
	if (again_ || *numbers != seen_)
		begin_round();
}

bool Onliner::waits(const Block &block) const
{
	return block.state == BlockState::offline && in_job_.count(block.number) == 0 &&
	       ledger_.standing(block.number) == Ledger::Standing::fresh;
}

void Onliner::act(const std::vector<uint64_t> &settled)
{
	const auto began = Loop::now();
	const auto blocks = sysfs_.scan();
	if (!blocks) {
		log::error("looking at the memory blocks failed: {}", blocks.error().message);
		return;
	}
	observe(*blocks);
	const auto now = Loop::now();
	looked_at_ = now;
	look_took_ = now - began;

	std::map<OnlineType, std::vector<Block>> wanted;
	for (const auto &device : group_by_device(*blocks)) {
		check_new(device, settled);
		std::vector<Block> fresh;
		auto since = Time::max();
		for (const auto &block : device.blocks) {
			if (!waits(block) ||
			    !std::binary_search(settled.begin(), settled.end(), block.number))
				continue;
			since = std::min(since, ledger_.since(block.number));
			fresh.push_back(block);
		}
		if (fresh.empty())
			continue;
		const auto verdict = judge(policy_, device, sysfs_.block_size());
		for (const auto &block : fresh)
			ledger_.explain(
				block.number,
				fmt::format("{} by {}", to_string(verdict.action), verdict.by));
		const auto decision =
			decide(verdict.action, policy_.owner_grace, kernel_default_, since, now);
		const auto *online = std::get_if<Online>(&decision);
		if (online && device.source == Source::dax_kmem && dax_.has_state(device.name)) {
			online_dax(device, fresh, online->type, verdict);
		} else if (online) {
			auto &list = wanted[online->type];
			list.insert(list.end(), fresh.begin(), fresh.end());
		} else if (const auto *later = std::get_if<NotYet>(&decision)) {
			look_again(later->until);
		}
	}
	for (const auto &[type, chosen] : wanted) {
		auto arranged = arrange_online(chosen, *blocks, type);
		auto &order = arranged.blocks;
		// The last one is the hole that keeps the kernel's walk short: while more is
		// coming, keep it open.
		const auto last =
			std::find_if(chosen.begin(), chosen.end(), [&](const Block &block) {
				return block.number == order.back();
			});
		if ((order.size() > 1 || held_ == order.back()) &&
		    last->source == Source::virtio_mem && now < last_add_ + growth_pause) {
			held_ = order.back();
			order.pop_back();
			look_again(last_add_ + growth_pause);
		}
		if (!order.empty())
			submit(std::move(arranged), type);
	}
}

void Onliner::online_dax(const Device &device, const std::vector<Block> &fresh, OnlineType type,
			 const Verdict &verdict)
{
	if (dax_.pending().count(device.name) != 0)
		return;
	if (fresh.size() != device.blocks.size()) {
		for (const auto &block : fresh)
			ledger_.explain(block.number,
					"its dax device is online in part, by another "
					"program; memhpd takes it as a whole or not");
		return;
	}
	std::vector<uint64_t> numbers;
	for (const auto &block : fresh)
		numbers.push_back(block.number);
	in_job_.insert(numbers.begin(), numbers.end());
	burst_.begin(Loop::now());
	if (type == OnlineType::by_default)
		hooks_.by_default(true);
	auto why = fmt::format("{} by {}, as a whole", to_string(verdict.action), verdict.by);
	dax_.take(device.name, numbers, type,
		  [this, name = device.name, numbers, type, why](const std::string &failure) {
			  if (type == OnlineType::by_default)
				  hooks_.by_default(false);
			  for (const auto block : numbers)
				  in_job_.erase(block);
			  if (failure.empty()) {
				  // Its new blocks have the old numbers; the next look checks them.
				  dax_onlined_[name] = why;
				  born_.insert(numbers.begin(), numbers.end());
				  return;
			  }
			  ++counters_.failures;
			  log::error("{} cannot be onlined: {}", name, failure);
			  for (const auto block : numbers)
				  ledger_.give_up(block, failure);
		  });
}

void Onliner::observe(const std::vector<Block> &blocks, Ledger::Standing unknown_offline)
{
	++counters_.scans;
	const auto news = ledger_.observe(blocks, Loop::now(), unknown_offline);
	born_.insert(news.born.begin(), news.born.end());
	for (auto block = born_.begin(); block != born_.end();)
		block = ledger_.entries().count(*block) ? std::next(block) : born_.erase(block);
	if (!news.taken_offline.empty())
		log::info("blocks {} were taken offline; they stay so until memhpctl online",
			  format_ranges(news.taken_offline));
	hooks_.changed();
}

void Onliner::submit(Arranged arranged, OnlineType type)
{
	in_job_.insert(arranged.blocks.begin(), arranged.blocks.end());
	burst_.begin(Loop::now());
	if (type == OnlineType::by_default)
		hooks_.by_default(true);

	JobSpec spec;
	spec.change = Change::online;
	spec.type = type;
	spec.goal = arranged.blocks.size();
	spec.blocks = std::move(arranged.blocks);
	spec.rearrange = std::move(arranged.rearrange);
	spec.attempt_deadline = std::chrono::minutes(1);
	spec.attempt_deadline_max = std::chrono::minutes(1);

	Engine::Callbacks callbacks;
	callbacks.attempted = [this](const Job &job, const Attempted &one) { attempted(job, one); };
	callbacks.finished = [this](const Job &job) {
		if (job.spec().type == OnlineType::by_default)
			hooks_.by_default(false);
		for (const auto &record : job.records()) {
			in_job_.erase(record.block);
			if (record.standing != Job::Standing::hopeless)
				continue;
			++counters_.gave_up;
			ledger_.give_up(record.block, strerror(record.error));
			log::error("block {} cannot be onlined: {}", record.block,
				   strerror(record.error));
		}
		hooks_.changed();
	};
	engine_.submit(std::move(spec), std::move(callbacks));
}

void Onliner::attempted(const Job &job, const Attempted &attempted)
{
	const auto now = Loop::now();
	if (attempted.outcome.reached) {
		const auto type = job.spec().type;
		in_job_.erase(attempted.block);
		ledger_.went_online(attempted.block);
		++counters_.onlined;
		burst_.onlined(attempted.block, attempted.zone, now);
		if (!right_zone(type, attempted.zone))
			count_wrong_zone(attempted.block, attempted.zone,
					 type == OnlineType::movable ? "movable" : "kernel",
					 "somebody was faster than memhpd");
		hooks_.changed();
	} else {
		burst_.failed(now);
		count_failure(attempted);
	}
	report_later();
}

void Onliner::count_failure(const Attempted &attempted)
{
	++counters_.failures;
	if (worth_a_line(counters_.failures))
		log::warning("onlining block {} failed: {}{} ({} failed attempts so far)",
			     attempted.block, strerror(attempted.outcome.error),
			     attempted.outcome.stage.empty()
				     ? ""
				     : " at stage " + attempted.outcome.stage,
			     counters_.failures);
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
	burst_ = Burst();
}

void Onliner::rescan()
{
	hooks_.drain();
	hooks_.look_around();
	const auto blocks = sysfs_.scan();
	if (!blocks) {
		log::error("rescan failed: {}", blocks.error().message);
	} else {
		observe(*blocks);
		const bool fresh = std::any_of(blocks->begin(), blocks->end(),
					       [this](const Block &block) { return waits(block); });
		if (fresh || !born_.empty())
			begin_round();
	}
	schedule_rescan();
}

void Onliner::schedule_rescan()
{
	rescan_source_ = loop_.timer(Loop::now() + rescan_interval, [this] { rescan(); });
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
