// SPDX-License-Identifier: GPL-2.0-only
// What came online without memhpd: by the kernel in kernel mode, or by another program; and what is
// in another zone than policy wants.
#include <algorithm>
#include <utility>

#include "memhpd/onliner.h"
#include "system/base/log.h"

namespace memhp
{

void Onliner::check_new(const Device &device, const std::vector<uint64_t> &settled,
			const MemoryCount &count)
{
	const auto ours = dax_onlined_.find(device.name);
	std::vector<Block> online;
	std::vector<uint64_t> offline;
	for (const auto &block : device.blocks) {
		if (born_.count(block.number) == 0 ||
		    !std::binary_search(settled.begin(), settled.end(), block.number))
			continue;
		born_.erase(block.number);
		if (block.state == BlockState::online)
			online.push_back(block);
		else if (waits(block))
			offline.push_back(block.number);
	}
	const bool by_kernel = mode_ == OnlineMode::kernel;
	if (by_kernel && !offline.empty()) {
		counters_.left_offline += offline.size();
		log::warning("the kernel left blocks {} offline; onlining them",
			     format_ranges(offline));
	}
	if (online.empty())
		return;

	const auto now = Loop::now();
	const auto verdict = judge(policy_, device, sysfs_.block_size());
	const auto wrong = misplaced_of(device, verdict, count);
	const auto is_wrong = [&](const Block &block) {
		return std::any_of(wrong.begin(), wrong.end(),
				   [&](const Block &one) { return one.number == block.number; });
	};
	for (const auto &block : online) {
		if (ours != dax_onlined_.end()) {
			++counters_.onlined;
			burst_.onlined(block.number, block.zone, now);
			ledger_.explain(block.number, ours->second);
		} else {
			++counters_.found_online;
			burst_.found(block.number, block.zone, now);
			ledger_.explain(block.number,
					by_kernel
						? fmt::format("{} by {}, through the kernel",
							      to_string(verdict.action), verdict.by)
						: "onlined by another program");
		}
		if (is_wrong(block))
			count_wrong_zone(block.number, block.zone, verdict.action,
					 by_kernel ? "put there by the kernel"
						   : "somebody was faster than memhpd");
		else
			ledger_.zone_chosen(block.number, Ledger::Chooser::policy);
	}
	const auto state = ratio_state(policy_, count);
	if (verdict.action == OnlineAction::movable &&
	    state.standing != RatioState::Standing::within)
		burst_.remark(describe(policy_, state), now);
	if (ours != dax_onlined_.end())
		dax_onlined_.erase(ours);
	report_later();
}

std::vector<Block> Onliner::misplaced_of(const Device &device, const Verdict &verdict,
					 const MemoryCount &count) const
{
	bool in_kernel = false;
	std::vector<Block> wrong;
	for (const auto &block : device.blocks) {
		if (block.source == Source::boot || block.state != BlockState::online ||
		    block.zone == Zone::none)
			continue;
		const bool right = right_zone(verdict.action, block.zone);
		if (right && !is_kernel_zone(block.zone))
			continue; // as nearly all are: nothing to look up
		const auto by = ledger_.zone_by(block.number);
		if (by != Ledger::Chooser::nobody || right) {
			in_kernel |= is_kernel_zone(block.zone) && by == Ledger::Chooser::policy;
			continue;
		}
		wrong.push_back(block);
	}
	if (wrong.empty() || verdict.action != OnlineAction::movable)
		return wrong;
	auto planned = device;
	auto next = wrong.begin();
	for (auto &block : planned.blocks) {
		if (next == wrong.end() || block.number != next->number)
			continue;
		block.state = BlockState::offline;
		++next;
	}
	// Where a bound of the ratio would have put them there, they are right.
	auto without = count;
	const auto pages = wrong.size() * count.block_pages;
	if (without.available)
		*without.available -= std::min(*without.available, pages);
	std::vector<Block> movable;
	for (auto &part : allot(policy_, planned, wrong, without, in_kernel))
		if (part.action == OnlineAction::movable)
			movable.insert(movable.end(), part.blocks.begin(), part.blocks.end());
	return movable;
}

void Onliner::survey(const std::vector<Device> &devices, const MemoryCount &count)
{
	std::set<uint64_t> misplaced;
	for (const auto &device : devices) {
		const auto verdict = judge(policy_, device, sysfs_.block_size());
		for (const auto &block : misplaced_of(device, verdict, count)) {
			if (born_.count(block.number) != 0)
				continue; // check_new() has a word on it first
			misplaced.insert(block.number);
			if (misplaced_.count(block.number) != 0)
				continue;
			const auto &why = ledger_.entries().at(block.number).why;
			if (why.empty())
				ledger_.explain(block.number,
						"was there when memhpd came, onlined by the kernel "
						"or another program");
			burst_.misplaced(block.number, block.zone, to_string(verdict.action), why,
					 Loop::now());
			report_later();
		}
	}
	misplaced_ = std::move(misplaced);
}

void Onliner::rezone(const std::vector<Device> &devices, const std::vector<Block> &blocks,
		     const MemoryCount &count)
{
	if (!policy_.rezone || rezone_.busy())
		return;
	for (const auto &device : devices) {
		// A dax device that has a state file is never touched block by block.
		if (device.source == Source::dax_kmem && dax_.has_state(device.name))
			continue;
		const auto verdict = judge(policy_, device, sysfs_.block_size());
		if (verdict.action != OnlineAction::movable)
			continue;
		auto wrong = misplaced_of(device, verdict, count);
		wrong.erase(std::remove_if(wrong.begin(), wrong.end(),
					   [&](const Block &block) {
						   return born_.count(block.number) != 0 ||
							  in_job_.count(block.number) != 0 ||
							  rezone_.open().count(block.number) != 0 ||
							  rezone_.gave_up(block);
					   }),
			    wrong.end());
		if (wrong.empty())
			continue;
		auto arranged = arrange_offline(wrong, blocks);
		std::vector<Block> order;
		for (const auto number : arranged.blocks)
			order.push_back(
				*std::find_if(wrong.begin(), wrong.end(), [&](const Block &block) {
					return block.number == number;
				}));
		rezone_.move(device.name.empty() ? "memory" : device.name, order,
			     std::move(arranged.rearrange), sysfs_.block_size());
		return;
	}
}

void Onliner::moved(uint64_t block, Zone zone, bool by_another)
{
	came_back(block, zone, by_another);
	if (zone != Zone::none) {
		if (zone == Zone::movable) {
			++counters_.rezoned;
			ledger_.zone_chosen(block, Ledger::Chooser::policy);
			misplaced_.erase(block);
			if (keep_type_)
				kept_.insert(block);
		}
		ledger_.explain(block, fmt::format("in zone {} by online.rezone", to_string(zone)));
	}
}

void Onliner::bring_back(const std::vector<Block> &blocks,
			 const std::map<uint64_t, uint64_t> &moving)
{
	if (moving.empty())
		return;
	for (const auto &device : group_by_device(blocks)) {
		std::map<uint64_t, uint64_t> left;
		std::vector<uint64_t> numbers;
		for (const auto &block : device.blocks)
			if (const auto found = moving.find(block.number);
			    found != moving.end() && found->second == block.inode &&
			    block.state == BlockState::offline) {
				left.insert(*found);
				numbers.push_back(block.number);
			}
		if (left.empty())
			continue;
		const auto verdict = judge(policy_, device, sysfs_.block_size());
		log::warning("blocks {} were left offline for what should have been a moment; "
			     "bringing them back",
			     format_ranges(numbers));
		rezone_.resume(left, verdict.action == OnlineAction::movable ? OnlineType::movable
									     : OnlineType::kernel);
	}
}

void Onliner::keep_types(const std::vector<Device> &devices)
{
	if (!keep_type_)
		return;
	std::map<OnlineType, std::vector<uint64_t>> wanted;
	for (const auto &device : devices) {
		const auto verdict = judge(policy_, device, sysfs_.block_size());
		if (verdict.action != OnlineAction::movable &&
		    verdict.action != OnlineAction::kernel)
			continue;
		for (const auto &block : device.blocks) {
			if (block.source == Source::boot || block.state != BlockState::online ||
			    block.zone == Zone::none || kept_.count(block.number) != 0 ||
			    in_job_.count(block.number) != 0 ||
			    rezone_.open().count(block.number) != 0)
				continue;
			const bool movable = verdict.action == OnlineAction::movable &&
					     (block.zone == Zone::movable ||
					      misplaced_.count(block.number) != 0);
			wanted[movable ? OnlineType::movable : OnlineType::kernel].push_back(
				block.number);
			kept_.insert(block.number);
		}
	}
	for (auto &[type, numbers] : wanted) {
		JobSpec spec;
		spec.change = Change::online;
		spec.type = type;
		spec.keep_type = spec.only_keep_type = true;
		spec.goal = numbers.size();
		spec.blocks = std::move(numbers);
		engine_.submit(std::move(spec),
			       {[](const Job &, const Attempted &) {}, [](const Job &) {}});
	}
}

void Onliner::count_wrong_zone(uint64_t block, Zone zone, OnlineAction wanted, std::string_view why)
{
	++counters_.wrong_zone;
	ledger_.explain(block, std::string(why));
	misplaced_.insert(block);
	burst_.misplaced(block, zone, to_string(wanted), why, Loop::now());
}

} // namespace memhp
