// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/ratio.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace memhp
{
namespace
{

constexpr uint64_t struct_page = 64; ///< bytes; of a 64-bit kernel

int node_of(const Block &block) { return block.node.value_or(-1); }

uint64_t less(uint64_t from, uint64_t what) { return from - std::min(from, what); }

std::string text_of(std::optional<double> ratio)
{
	return ratio ? fmt::format("{:.2f}", *ratio)
		     : "without bound (no kernel memory of the boot)";
}

/// One round of the kernel's rule: for the whole machine, or one node.
bool fits_in(const MemoryCount &count, const Growth &growth, uint64_t percent,
	     std::optional<int> node)
{
	if (percent == 0)
		return false;
	MemoryCount::Pages pages;
	if (!node) {
		pages = count.all();
	} else if (const auto found = count.nodes.find(*node); found != count.nodes.end()) {
		pages = found->second;
	}
	// What other devices have of their own pays for their movable memory first; what is
	// missing they take of the boot's.
	uint64_t required = 0;
	uint64_t theirs = 0;
	uint64_t own = 0;
	for (const auto &group : count.groups) {
		if (group.device == growth.group)
			own = group.kernel;
		else if (!node || group.node == *node) {
			required += less(group.movable * 100 / percent, group.kernel);
			theirs += group.movable;
		}
	}
	if (pages.early <= required)
		return false;
	const auto kernel = pages.early - required + own;
	return less(pages.movable, theirs) + growth.pages <= percent * kernel / 100;
}

/// Which bounds an allotment is about, and what the device would make of the ratio.
struct Outlook {
	bool beyond = false;
	bool beyond_hard = false;
	bool short_of_memmap = false;
	std::string ratio;
	std::string memmap;
};

Outlook look_ahead(const OnlinePolicy &policy, const MemoryCount &count, const Growth &growth,
		   uint64_t memmap)
{
	Outlook outlook;
	const auto fitting = [&](double bound) {
		return fits(count, growth, bound, policy.ratio_per_node);
	};
	outlook.beyond = !fitting(policy.max_movable_ratio);
	outlook.beyond_hard = policy.hard_ratio && !fitting(*policy.hard_ratio);
	outlook.short_of_memmap = count.available && *count.available * count.page_size < memmap;

	auto pages = count.all();
	pages.movable += growth.pages;
	outlook.ratio = fmt::format("movable : kernel would be {}", text_of(ratio_of(pages)));
	const auto node = count.nodes.find(growth.node);
	if (policy.ratio_per_node && growth.node >= 0) {
		auto here = node == count.nodes.end() ? MemoryCount::Pages() : node->second;
		here.movable += growth.pages;
		outlook.ratio +=
			fmt::format(", on node {} {}", growth.node, text_of(ratio_of(here)));
	}
	if (outlook.short_of_memmap)
		outlook.memmap = fmt::format("{} of kernel memory are available, and the memmap of "
					     "as much again needs {}",
					     format_size(*count.available * count.page_size),
					     format_size(memmap));
	return outlook;
}

Allotment allotment(const OnlinePolicy &policy, const Outlook &outlook)
{
	Allotment result;
	const auto bound = [&](std::string_view key, double ratio) {
		return fmt::format("{}, beyond {} ({})", outlook.ratio, key, ratio);
	};
	if (outlook.beyond && policy.beyond_ratio != BeyondRatio::warn) {
		result.action = policy.beyond_ratio == BeyondRatio::kernel ? OnlineAction::kernel
									   : OnlineAction::offline;
		result.by = "online.beyond_ratio";
		result.why = bound("max_movable_ratio", policy.max_movable_ratio);
	} else if (outlook.beyond_hard || (outlook.short_of_memmap && policy.hard_ratio)) {
		result.action = OnlineAction::kernel;
		result.by = "online.hard_ratio";
		result.why = outlook.beyond_hard ? bound("hard_ratio", *policy.hard_ratio)
						 : outlook.memmap;
	} else if (outlook.beyond) {
		result.remark = bound("max_movable_ratio", policy.max_movable_ratio);
	} else {
		result.remark = outlook.memmap;
	}
	return result;
}

uint64_t memmap_needed(const MemoryCount &count, Source source, uint64_t pages)
{
	return count.memmap_on_memory && !grows(source) ? 0 : memmap_bytes(pages);
}

} // namespace

MemoryCount::Pages MemoryCount::all() const
{
	Pages sum;
	for (const auto &[node, pages] : nodes) {
		sum.early += pages.early;
		sum.added += pages.added;
		sum.movable += pages.movable;
	}
	return sum;
}

void MemoryCount::add(const BlockKind &kind, bool movable, uint64_t blocks)
{
	const auto node = kind.node.value_or(-1);
	auto &sum = nodes[node];
	(movable		       ? sum.movable
	 : kind.source == Source::boot ? sum.early
				       : sum.added) += blocks * block_pages;
	if (kind.source != Source::virtio_mem)
		return;
	auto group = std::find_if(groups.begin(), groups.end(),
				  [&](const Group &one) { return one.device == kind.device; });
	if (group == groups.end())
		group = groups.insert(group, {kind.device, node, 0, 0});
	(movable ? group->movable : group->kernel) += blocks * block_pages;
}

MemoryCount count_memory(const Tally &tally, uint64_t block_size, const ZoneTable &table)
{
	MemoryCount count;
	count.page_size = table.page_size;
	count.block_pages = block_size / table.page_size;
	count.memmap_on_memory = table.memmap_on_memory;
	// Where nobody can tell what was there at boot, all that may have been counts as such.
	const bool told = std::any_of(tally.kinds.begin(), tally.kinds.end(), [](const auto &one) {
		return one.first.source == Source::boot;
	});
	std::map<std::string, uint64_t> devices;
	for (const auto &[known, blocks] : tally.kinds) {
		auto kind = known;
		if (!kind.device.empty() && kind.source != Source::boot && !grows(kind.source))
			devices[kind.device] += blocks;
		if (!told && kind.source == Source::unknown)
			kind.source = Source::boot;
		const bool movable = kind.zone == Zone::movable;
		// A block of several zones has none in sysfs. They are the kernel's.
		if (kind.state == BlockState::online &&
		    (movable || is_kernel_zone(kind.zone) || kind.source == Source::boot))
			count.add(kind, movable, blocks);
	}
	auto largest = tally.largest_nameless;
	for (const auto &[device, blocks] : devices)
		largest = std::max(largest, blocks);
	count.largest_device = largest * count.block_pages;
	if (table.zones.empty())
		return count;

	// The zones know better: holes, and blocks that are in several of them.
	for (auto &[node, pages] : count.nodes)
		pages.early = pages.movable = 0;
	count.available = 0;
	for (const auto &zone : table.zones) {
		if (zone.present == 0)
			continue;
		auto &pages = count.nodes[zone.node];
		if (zone.movable) {
			pages.movable += zone.present;
			continue;
		}
		pages.early += less(zone.present, zone.cma);
		pages.movable += zone.cma;
		*count.available += zone.available;
	}
	for (auto &[node, pages] : count.nodes)
		pages.early = less(pages.early, pages.added);
	return count;
}

double movable_bound(const OnlinePolicy &policy)
{
	return policy.beyond_ratio == BeyondRatio::warn ? policy.hard_ratio.value_or(no_bound)
							: policy.max_movable_ratio;
}

uint64_t percent(double ratio) { return static_cast<uint64_t>(std::llround(ratio * 100)); }

bool fits(const MemoryCount &count, const Growth &growth, double ratio, bool per_node)
{
	return fits_in(count, growth, percent(ratio), std::nullopt) &&
	       (!per_node || growth.node < 0 ||
		fits_in(count, growth, percent(ratio), growth.node));
}

uint64_t memmap_bytes(uint64_t pages) { return pages * struct_page; }

std::vector<Allotment> allot(const OnlinePolicy &policy, const Device &device,
			     const std::vector<Block> &fresh, MemoryCount &count, bool in_kernel)
{
	std::vector<Allotment> result;
	if (fresh.empty())
		return result;
	const bool alone = grows(device.source);
	const auto take = [&](const std::vector<Block> &blocks, uint64_t pages) {
		Growth growth{pages, node_of(blocks.front()),
			      device.source == Source::virtio_mem ? device.name : ""};
		const auto memmap = memmap_needed(count, device.source,
						  (alone ? fresh.size() : device.blocks.size()) *
							  count.block_pages);
		auto one = allotment(policy, look_ahead(policy, count, growth, memmap));
		if (in_kernel && !alone)
			one = {OnlineAction::kernel,
			       "an earlier decision on this device",
			       "",
			       "",
			       {}};
		for (const auto &block : blocks)
			if (one.action != OnlineAction::offline)
				count.add(block, one.action == OnlineAction::movable);
		if (result.empty() || result.back().action != one.action ||
		    result.back().by != one.by ||
		    result.back().remark.empty() != one.remark.empty())
			result.push_back(std::move(one));
		auto &list = result.back().blocks;
		list.insert(list.end(), blocks.begin(), blocks.end());
	};
	if (alone) {
		for (const auto &block : fresh)
			take({block}, count.block_pages);
		return result;
	}
	// As the kernel does with a static group: could all that is not online be movable?
	const auto offline = static_cast<uint64_t>(
		std::count_if(device.blocks.begin(), device.blocks.end(), [](const Block &block) {
			return block.state != BlockState::online;
		}));
	take(fresh, offline * count.block_pages);
	return result;
}

std::optional<double> ratio_of(const MemoryCount::Pages &pages)
{
	if (pages.early == 0)
		return std::nullopt;
	return static_cast<double>(pages.movable) / static_cast<double>(pages.early);
}

RatioState ratio_state(const OnlinePolicy &policy, const MemoryCount &count)
{
	RatioState state;
	state.ratio = ratio_of(count.all());
	const auto holds = [&](double bound) {
		if (!fits(count, {}, bound, false))
			return bound == 0 && count.all().movable == 0;
		return !policy.ratio_per_node ||
		       std::all_of(count.nodes.begin(), count.nodes.end(), [&](const auto &node) {
			       return node.second.movable == 0 ||
				      fits(count, {0, node.first, ""}, bound, true);
		       });
	};
	if (policy.hard_ratio && !holds(*policy.hard_ratio))
		state.standing = RatioState::Standing::beyond_hard;
	else if (!holds(policy.max_movable_ratio))
		state.standing = RatioState::Standing::beyond;
	if (count.available)
		state.available = *count.available * count.page_size;
	state.needed = count.memmap_on_memory ? 0 : memmap_bytes(count.largest_device);
	state.full = !fits(count, {count.block_pages, -1, ""}, movable_bound(policy), false);
	return state;
}

std::string describe(const OnlinePolicy &policy, const RatioState &state)
{
	auto text = fmt::format("movable : kernel is {}, at most {} is wanted (beyond: {}){}",
				text_of(state.ratio), policy.max_movable_ratio,
				policy.beyond_ratio == BeyondRatio::warn     ? "a warning"
				: policy.beyond_ratio == BeyondRatio::kernel ? "kernel zone"
									     : "stays offline",
				policy.hard_ratio ? fmt::format(", {} allowed", *policy.hard_ratio)
						  : "");
	if (state.standing != RatioState::Standing::within)
		text += fmt::format("; BEYOND {}", state.standing == RatioState::Standing::beyond
							   ? "max_movable_ratio"
							   : "hard_ratio");
	if (!state.available)
		return text;
	text += fmt::format("; {} of kernel memory available", format_size(*state.available));
	if (state.needed > 0)
		text += fmt::format(", {} for the memmap of another device like the largest{}",
				    format_size(state.needed),
				    state.memmap_short() ? ": TOO LITTLE" : "");
	return text;
}

} // namespace memhp
