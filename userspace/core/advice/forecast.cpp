// SPDX-License-Identifier: GPL-2.0-only
#include "core/advice/forecast.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/units.h"
#include "core/memory/device.h"

namespace memhp
{
namespace
{

constexpr uint64_t most_blocks = 1 << 20;
constexpr auto new_device = "new device";

bool is_kernel(const Totals &totals) { return totals.kernel > 0 || totals.other > 0; }

/// Warnings that compare a machine before and after.
void warn_of_ratio(const OnlinePolicy &policy, Forecast &forecast)
{
	const auto before = ratio_state(policy, forecast.before.count);
	const auto after = ratio_state(policy, forecast.after.count);
	if (after.standing > before.standing ||
	    (after.standing != RatioState::Standing::within && after.ratio > before.ratio))
		forecast.warnings.push_back("ratio: " + describe(policy, after));
	else if (after.memmap_short() && !before.memmap_short())
		forecast.warnings.push_back(fmt::format(
			"headroom: {} of kernel memory would be available, and the memmap of "
			"another device like the largest takes {}",
			format_size(*after.available), format_size(after.needed)));
}

/// Nodes that come to be without kernel memory, or without any.
void warn_of_nodes(uint64_t block_size, Forecast &forecast)
{
	const auto before = forecast.before.nodes(block_size);
	for (const auto &[node, totals] : forecast.after.nodes(block_size)) {
		const auto found = before.find(node);
		const auto was = found == before.end() ? Totals() : found->second;
		if (node < 0)
			continue;
		if (was.online() > 0 && totals.online() == 0)
			forecast.warnings.push_back(
				fmt::format("node {} loses its last memory", node));
		else if (totals.movable > 0 && !is_kernel(totals) &&
			 (is_kernel(was) || was.online() == 0))
			forecast.warnings.push_back(fmt::format(
				"node {} has no kernel memory then: page tables and the like of "
				"what runs there come from other nodes",
				node));
	}
}

/// Runs of equal blocks as parts.
void add_part(std::vector<Forecast::Part> &parts, Forecast::Part part)
{
	if (!parts.empty() && parts.back().action == part.action &&
	    parts.back().zone == part.zone && parts.back().by == part.by &&
	    parts.back().why == part.why) {
		auto &blocks = parts.back().blocks;
		blocks.insert(blocks.end(), part.blocks.begin(), part.blocks.end());
		return;
	}
	parts.push_back(std::move(part));
}

std::vector<uint64_t> numbers_of(const std::vector<Block> &blocks)
{
	std::vector<uint64_t> numbers;
	for (const auto &block : blocks)
		numbers.push_back(block.number);
	return numbers;
}

Device make_device(const NewMemory &memory, const std::vector<Block> &blocks, uint64_t count,
		   int node)
{
	Device device{new_device, memory.source, {}};
	const auto first = blocks.empty() ? 0 : blocks.back().number + 1;
	for (uint64_t number = first; number < first + count; ++number) {
		Block block;
		block.number = number;
		block.state = BlockState::offline;
		block.node = node;
		block.source = memory.source;
		block.device = new_device;
		device.blocks.push_back(std::move(block));
	}
	return device;
}

/// What becomes of blocks for which policy has another action than movable.
Forecast::Part untouched_by_ratio(const Verdict &verdict, const std::vector<Block> &blocks)
{
	Forecast::Part part{numbers_of(blocks), std::string(to_string(verdict.action)), Zone::none,
			    verdict.by, ""};
	switch (verdict.action) {
	case OnlineAction::kernel:
		part.zone = Zone::normal;
		break;
	case OnlineAction::kernel_default:
		part.zone = Zone::normal;
		part.why = "a kernel zone, unless the kernel's online_policy says otherwise";
		break;
	case OnlineAction::leave:
		part.why = "its owner decides; counted as offline here";
		break;
	case OnlineAction::movable:
	case OnlineAction::offline:
		break;
	}
	return part;
}

/// Brings the new blocks of a part online.
void take_in(const Forecast::Part &part, Device &device, MemoryCount &count, bool counted)
{
	if (part.zone == Zone::none)
		return;
	for (const auto number : part.blocks) {
		auto &block = device.blocks[number - device.blocks.front().number];
		block.state = BlockState::online;
		block.zone = part.zone;
		if (!counted)
			count.add(block, part.zone == Zone::movable);
		if (count.available && part.zone != Zone::movable)
			*count.available += count.block_pages;
	}
}

/// The opposite of MemoryCount::add().
void take_out(const Block &block, MemoryCount &count)
{
	const auto take = [&](uint64_t &from) { from -= std::min(from, count.block_pages); };
	const bool movable = block.zone == Zone::movable;
	auto &pages = count.nodes[block.node.value_or(-1)];
	take(movable ? pages.movable : block.source == Source::boot ? pages.early : pages.added);
	for (auto &group : count.groups)
		if (block.source == Source::virtio_mem && group.device == block.device)
			take(movable ? group.movable : group.kernel);
	if (!movable && count.available)
		take(*count.available);
}

void warn_of_load(size_t wanted, uint64_t block_size, const Limits &limits,
		  const Result<Load> &load, Forecast &forecast)
{
	if (!load) {
		forecast.warnings.push_back(
			"headroom: how much memory is available cannot be read, " +
			load.error().message);
		return;
	}
	const auto least = bytes_of(limits.min_free, load->total);
	const auto spare = load->available - std::min(load->available, least);
	if (spare / block_size >= wanted)
		return;
	forecast.warnings.push_back(fmt::format(
		"headroom: {} are available and min_free keeps {}: only {} of {} blocks would go, "
		"then it waits",
		format_size(load->available), format_size(least), spare / block_size, wanted));
}

} // namespace

std::map<int, Totals> Snapshot::nodes(uint64_t block_size) const
{
	std::map<int, Totals> result;
	for (const auto &block : blocks)
		result[block.node.value_or(-1)].add(block.state, block.zone, block_size);
	return result;
}

uint64_t Snapshot::unpluggable(uint64_t block_size) const
{
	uint64_t sum = 0;
	for (const auto &device : group_by_device(blocks)) {
		if (device.source == Source::boot || device.source == Source::unknown)
			continue;
		const auto free = static_cast<uint64_t>(std::count_if(
			device.blocks.begin(), device.blocks.end(), [](const Block &block) {
				return block.state == BlockState::offline ||
				       block.zone == Zone::movable;
			}));
		if (grows(device.source) || free == device.blocks.size())
			sum += free;
	}
	return sum * block_size;
}

Result<Forecast> forecast_add(const NewMemory &memory, const Snapshot &now, uint64_t block_size,
			      const OnlinePolicy &policy, const std::vector<int> &possible)
{
	if (memory.bytes == 0 || memory.bytes % block_size != 0)
		return fail_input(fmt::format("{} is no multiple of the memory block size {}",
					      format_size(memory.bytes), format_size(block_size)));
	if (memory.bytes / block_size > most_blocks)
		return fail_input(fmt::format("{} is more than {} memory blocks of {}",
					      format_size(memory.bytes), most_blocks,
					      format_size(block_size)));
	int node = 0;
	if (const auto nodes = now.nodes(block_size); !nodes.empty())
		node = std::max(nodes.begin()->first, 0);
	node = memory.node.value_or(node);
	if (!possible.empty() &&
	    std::find(possible.begin(), possible.end(), node) == possible.end())
		return fail_input(fmt::format("this machine cannot have a node {}; it can have: {}",
					      node, fmt::join(possible, ", ")));

	Forecast forecast;
	forecast.before = forecast.after = now;
	auto &count = forecast.after.count;
	auto device = make_device(memory, now.blocks, memory.bytes / block_size, node);
	const auto pages = device.blocks.size() * count.block_pages;
	forecast.memmap = memmap_bytes(pages);
	forecast.memmap_on_memory = count.memmap_on_memory && !grows(memory.source);
	const auto here = count.nodes.find(node);
	if (here != count.nodes.end() && here->second.early + here->second.added > 0)
		forecast.memmap_node = node;
	if (!forecast.memmap_on_memory && count.available) {
		const auto needed = (forecast.memmap + count.page_size - 1) / count.page_size;
		if (*count.available < needed)
			forecast.warnings.push_back(
				fmt::format("memmap: it takes {} of kernel memory, and {} are "
					    "available: adding "
					    "it may fail",
					    format_size(forecast.memmap),
					    format_size(*count.available * count.page_size)));
		*count.available -= std::min(*count.available, needed);
	}
	if (!grows(memory.source))
		count.largest_device = std::max(count.largest_device, pages);

	const auto verdict = judge(policy, device, block_size);
	if (verdict.action == OnlineAction::movable) {
		for (const auto &one : allot(policy, device, device.blocks, count)) {
			Forecast::Part part{numbers_of(one.blocks),
					    std::string(to_string(one.action)),
					    one.action == OnlineAction::movable	 ? Zone::movable
					    : one.action == OnlineAction::kernel ? Zone::normal
										 : Zone::none,
					    one.by.empty() ? verdict.by : one.by,
					    one.by.empty() ? one.remark : one.why};
			take_in(part, device, count, true);
			add_part(forecast.parts, std::move(part));
		}
	} else {
		forecast.parts = {untouched_by_ratio(verdict, device.blocks)};
		take_in(forecast.parts[0], device, count, false);
	}
	auto &blocks = forecast.after.blocks;
	blocks.insert(blocks.end(), device.blocks.begin(), device.blocks.end());
	warn_of_ratio(policy, forecast);
	warn_of_nodes(block_size, forecast);
	return forecast;
}

Forecast forecast_offline(const std::vector<uint64_t> &chosen, const Snapshot &now,
			  uint64_t block_size, const Config &config, const Result<Load> &load)
{
	Forecast forecast;
	forecast.before = forecast.after = now;
	const std::set<uint64_t> gone(chosen.begin(), chosen.end());
	std::set<std::string> touched;
	std::vector<uint64_t> kernel;
	uint64_t added = 0;
	for (auto &block : forecast.after.blocks) {
		if (!gone.count(block.number))
			continue;
		const bool movable = block.zone == Zone::movable;
		if (!movable)
			kernel.push_back(block.number);
		add_part(forecast.parts,
			 {{block.number},
			  "offline",
			  block.zone,
			  "this request",
			  movable ? ""
				  : "in a kernel zone: it goes only if nothing of the kernel's "
				    "own is on it"});
		take_out(block, forecast.after.count);
		touched.insert(block.device);
		added += block.source != Source::boot;
		block.state = BlockState::offline;
		block.zone = Zone::none;
	}
	forecast.memmap = memmap_bytes(added * now.count.block_pages);
	forecast.memmap_on_memory = now.count.memmap_on_memory;
	for (const auto &device : group_by_device(forecast.after.blocks))
		if (!device.name.empty() && touched.count(device.name) && !grows(device.source) &&
		    std::all_of(device.blocks.begin(), device.blocks.end(), [](const Block &block) {
			    return block.state == BlockState::offline;
		    }))
			forecast.ejectable.push_back(device.name);
	if (!kernel.empty())
		forecast.warnings.push_back(
			fmt::format("kernel zone: {} of the blocks may well stay: {}",
				    kernel.size(), format_ranges(kernel)));
	warn_of_load(gone.size(), block_size, config.offline.limits, load, forecast);
	warn_of_ratio(config.online, forecast);
	warn_of_nodes(block_size, forecast);
	return forecast;
}

} // namespace memhp
