// SPDX-License-Identifier: GPL-2.0-only
// What came online without memhpd: by the kernel in kernel mode, or by another program.
#include <algorithm>

#include "memhpd/onliner.h"
#include "system/log.h"

namespace memhp
{

void Onliner::check_new(const Device &device, const std::vector<uint64_t> &settled)
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
		if (!right_zone(verdict.action, block.zone))
			count_wrong_zone(block.number, block.zone, to_string(verdict.action),
					 by_kernel ? "put there by the kernel"
						   : "somebody was faster than memhpd");
	}
	if (ours != dax_onlined_.end())
		dax_onlined_.erase(ours);
	report_later();
}

void Onliner::count_wrong_zone(uint64_t block, Zone zone, std::string_view wanted,
			       std::string_view why)
{
	++counters_.wrong_zone;
	ledger_.explain(block, std::string(why));
	if (worth_a_line(counters_.wrong_zone))
		log::warning("block {} is online in zone {}, not {} as policy wants it: {} ({} "
			     "blocks so far)",
			     block, to_string(zone), wanted, why, counters_.wrong_zone);
}

} // namespace memhp
