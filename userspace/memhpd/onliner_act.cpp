// SPDX-License-Identifier: GPL-2.0-only
// What becomes of memory that is offline: decides per device, and onlines.
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/online/borrow.h"
#include "memhpd/onliner.h"
#include "system/base/log.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{
namespace
{

/// A device that grows block by block has paused when nothing came for this long.
constexpr Time growth_pause = std::chrono::milliseconds(500);

} // namespace

bool Onliner::waits(const Block &block) const
{
	return block.state == BlockState::offline && in_job_.count(block.number) == 0 &&
	       ledger_.standing(block.number) == Ledger::Standing::fresh;
}

void Onliner::act(const Result<std::vector<Block>> &blocks, const std::vector<uint64_t> &settled)
{
	if (!take(blocks))
		return;
	looked_at_ = Loop::now();
	look_took_ = looked_at_ - look_began_;

	auto count = counted(*blocks);
	Decided decided;
	const auto devices = group_by_device(*blocks);
	for (const auto &device : devices) {
		check_new(device, settled, count);
		decide_on(device, settled, count, decided);
	}
	left_ = std::move(decided.left);
	for (auto &[type, chosen] : decided.wanted)
		submit_chosen(std::move(chosen), type, *blocks);
	survey(devices, count);
	keep_types(devices);
	rezone(devices, *blocks, count);
}

void Onliner::decide_on(const Device &device, const std::vector<uint64_t> &settled,
			MemoryCount &count, Decided &decided)
{
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
		return;
	const auto verdict = judge(policy_, device, sysfs_.block_size());
	for (const auto &part : allotted(device, fresh, verdict, count)) {
		const auto why =
			part.by.empty()
				? fmt::format("{} by {}", to_string(part.action), verdict.by)
				: fmt::format("{} by {}: {}", to_string(part.action), part.by,
					      part.why);
		for (const auto &block : part.blocks) {
			ledger_.explain(block.number, why);
			if (!part.by.empty() && part.action == OnlineAction::offline)
				decided.left.insert(block.number);
		}
		const auto decision = decide(part.action, policy_.owner_grace, kernel_default_,
					     since, looked_at_);
		const auto *online = std::get_if<Online>(&decision);
		if (online && device.source == Source::dax_kmem && dax_.has_state(device.name)) {
			online_dax(device, part.blocks, online->type, why);
		} else if (online) {
			auto &list = decided.wanted[online->type];
			list.insert(list.end(), part.blocks.begin(), part.blocks.end());
		} else if (const auto *later = std::get_if<NotYet>(&decision)) {
			look_again(later->until);
		}
	}
}

void Onliner::submit_chosen(std::vector<Block> chosen, OnlineType type,
			    const std::vector<Block> &blocks)
{
	if (type != OnlineType::movable)
		sysfs_.read_candidates(chosen);
	auto arranged = arrange_online(chosen, blocks, type);
	auto &order = arranged.blocks;
	// The last one is the hole that keeps the kernel's walk short: while more is coming, keep
	// it open.
	const auto last = std::find_if(chosen.begin(), chosen.end(), [&](const Block &block) {
		return block.number == order.back();
	});
	if ((order.size() > 1 || held_ == order.back()) && last->source == Source::virtio_mem &&
	    looked_at_ < last_add_ + growth_pause) {
		held_ = order.back();
		order.pop_back();
		look_again(last_add_ + growth_pause);
	}
	if (!order.empty() && type == OnlineType::movable)
		submit_movable(std::move(arranged), chosen, blocks);
	else if (!order.empty())
		submit(std::move(arranged), type);
}

MemoryCount Onliner::counted(const std::vector<Block> &blocks) const
{
	auto count = count_memory(sysfs_.root_fd(), blocks, sysfs_.block_size());
	for (const auto &block : blocks)
		if (const auto job = in_job_.find(block.number);
		    job != in_job_.end() && block.state != BlockState::online)
			count.add(block, job->second == OnlineType::movable);
	return count;
}

std::vector<Allotment> Onliner::allotted(const Device &device, const std::vector<Block> &fresh,
					 const Verdict &verdict, MemoryCount &count)
{
	if (verdict.action != OnlineAction::movable) {
		for (const auto &block : fresh)
			if (verdict.action == OnlineAction::kernel)
				count.add(block, false);
		return {{verdict.action, "", "", "", fresh}};
	}
	auto planned = device;
	bool in_kernel = false;
	for (auto &block : planned.blocks) {
		const auto job = in_job_.find(block.number);
		if (job != in_job_.end()) {
			block.state = BlockState::online;
			in_kernel |= job->second == OnlineType::kernel;
		} else if (block.state == BlockState::online && is_kernel_zone(block.zone)) {
			in_kernel |= ledger_.zone_by(block.number) == Ledger::Chooser::policy;
		}
	}
	auto parts = allot(policy_, planned, fresh, count, in_kernel);
	const auto name = device.name.empty() ? std::string("memory") : device.name;
	for (const auto &part : parts) {
		std::vector<uint64_t> news;
		for (const auto &block : part.blocks)
			if (left_.count(block.number) == 0)
				news.push_back(block.number);
		if (!part.remark.empty())
			burst_.remark(fmt::format("{} is onlined as movable all the same: {}", name,
						  part.remark),
				      Loop::now());
		if (!part.by.empty() && !news.empty()) {
			counters_.beyond_ratio += news.size();
			burst_.remark(fmt::format("{}, blocks {}: {} by {}: {}", name,
						  format_ranges(news), to_string(part.action),
						  part.by, part.why),
				      Loop::now());
		}
		if (!part.remark.empty() || (!part.by.empty() && !news.empty()))
			report_later();
	}
	return parts;
}

void Onliner::online_dax(const Device &device, const std::vector<Block> &fresh, OnlineType type,
			 std::string why)
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
	for (const auto block : numbers)
		in_job_[block] = type;
	burst_.begin(Loop::now());
	if (type == OnlineType::by_default)
		hooks_.by_default(true);
	why += ", as a whole";
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

bool Onliner::may_borrow(const Block &block, const std::vector<Block> &blocks) const
{
	if (in_job_.count(block.number) != 0 || rezone_.busy() || borrow_.busy() ||
	    engine_.jobs(Change::offline) != 0)
		return false;
	// After a crash policy brings it back: to where it was.
	for (const auto &device : group_by_device(blocks))
		for (const auto &one : device.blocks)
			if (one.number == block.number)
				return judge(policy_, device, sysfs_.block_size()).action ==
				       OnlineAction::movable;
	return false;
}

void Onliner::submit_movable(Arranged arranged, const std::vector<Block> &coming,
			     const std::vector<Block> &blocks)
{
	const auto hole = policy_.borrow ? lender(coming, blocks) : std::nullopt;
	if (!hole || !may_borrow(*hole, blocks)) {
		submit(std::move(arranged), OnlineType::movable);
		return;
	}
	for (const auto block : arranged.blocks)
		in_job_[block] = OnlineType::movable;
	const bool begun =
		borrow_.begin(*hole, [this, arranged] { submit(arranged, OnlineType::movable); });
	if (begun)
		log::debug("block {} is offline while {} others are onlined", hole->number,
			   arranged.blocks.size());
	else
		submit(std::move(arranged), OnlineType::movable);
}

namespace
{

/// A block of the job waits for its first attempt.
bool has_untried(const Job &job)
{
	return std::any_of(job.records().begin(), job.records().end(), [](const auto &record) {
		return record.standing == Job::Standing::pending && record.failures == 0;
	});
}

} // namespace

void Onliner::submit(Arranged arranged, OnlineType type)
{
	for (const auto block : arranged.blocks)
		in_job_[block] = type;
	burst_.begin(Loop::now());
	if (type == OnlineType::by_default)
		hooks_.by_default(true);

	JobSpec spec;
	spec.change = Change::online;
	spec.type = type;
	spec.keep_type = keep_type_ && type != OnlineType::by_default;
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
		if (in_job_.empty())
			borrow_.end();
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
		touched(attempted.block);
		ledger_.went_online(attempted.block);
		++counters_.onlined;
		burst_.onlined(attempted.block, attempted.zone, now);
		if (job.spec().keep_type)
			kept_.insert(attempted.block);
		if (right_zone(type, attempted.zone))
			ledger_.zone_chosen(attempted.block, Ledger::Chooser::policy);
		else
			count_wrong_zone(attempted.block, attempted.zone,
					 type == OnlineType::movable ? OnlineAction::movable
								     : OnlineAction::kernel,
					 "somebody was faster than memhpd");
		hooks_.changed();
	} else {
		burst_.failed(now);
		count_failure(attempted);
	}
	// What fails is tried again for as long as it takes: no reason to keep another offline.
	if (borrow_.busy() && job.failed_attempts() > 0 && !has_untried(job))
		borrow_.end();
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

} // namespace memhp
