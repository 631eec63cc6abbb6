// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/advice/forecast.h"
#include "core/base/units.h"
#include "memhpctl/json_text.h"
#include "memhpctl/node_table.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/kernel/kmod.h"
#include "system/kernel/load.h"
#include "system/memory/memory_report.h"
#include "system/memory/ratio_report.h"
#include "system/memory/surroundings.h"
#include "system/memory/sysfs.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// The machine, and what memhpd's file says; what both kinds of plan begin with.
struct Base {
	Sysfs sysfs;
	Config config;
	Snapshot now;
};

Result<Base> read_base(const Globals &globals)
{
	auto config = load_config(globals.config());
	if (!config)
		return fail_input(fmt::format("{}", fmt::join(config.error(), "\nmemhpctl: ")));
	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return fail(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	sysfs->set_early([&kmod] { return kmod.early_blocks(); });
	auto blocks = sysfs->scan();
	sysfs->set_early({});
	if (!blocks)
		return fail(blocks.error());
	auto count = count_memory(sysfs->root_fd(), *blocks, sysfs->block_size());
	return Base{std::move(*sysfs), config->value_or(Config()),
		    Snapshot{std::move(*blocks), std::move(count)}};
}

json or_null(const std::string &text) { return text.empty() ? json(nullptr) : json(text); }

json to_json(const Snapshot &snapshot, const Base &base)
{
	const auto size = base.sysfs.block_size();
	json nodes = json::array();
	for (const auto &[node, totals] : snapshot.nodes(size)) {
		auto entry = to_json(totals);
		entry["node"] = node < 0 ? json(nullptr) : json(node);
		nodes.push_back(std::move(entry));
	}
	return {{"total", to_json(totals_of(snapshot.blocks, size))},
		{"nodes", std::move(nodes)},
		{"ratio", ratio_to_json(base.config.online, snapshot.count)},
		{"unpluggable", snapshot.unpluggable(size)}};
}

json to_json(const Forecast &forecast, const Base &base)
{
	const auto size = base.sysfs.block_size();
	json parts = json::array();
	for (const auto &part : forecast.parts)
		parts.push_back({{"blocks", format_ranges(part.blocks)},
				 {"count", part.blocks.size()},
				 {"size", part.blocks.size() * size},
				 {"action", part.action},
				 {"zone", part.zone == Zone::none ? json(nullptr)
								  : json(to_string(part.zone))},
				 {"by", part.by},
				 {"why", or_null(part.why)}});
	return {{"block_size", size},
		{"parts", std::move(parts)},
		{"before", to_json(forecast.before, base)},
		{"after", to_json(forecast.after, base)},
		{"memmap",
		 {{"size", forecast.memmap},
		  {"on_memory", forecast.memmap_on_memory},
		  {"node", forecast.memmap_node ? json(*forecast.memmap_node) : json(nullptr)}}},
		{"ejectable", forecast.ejectable},
		{"warnings", forecast.warnings}};
}

/// "2G", or "2G -> 4G" where it changes.
std::string change(const std::string &before, const std::string &after)
{
	return before == after ? before : fmt::format("{} -> {}", before, after);
}

std::string ratio(const MemoryCount::Pages &pages)
{
	return ratio_cell(ratio_of(pages), pages.movable > 0);
}

void print_parts(const Forecast &forecast, uint64_t block_size)
{
	Table table({{"BLOCKS", true, 16},
		     {"SIZE", true},
		     {"ACTION"},
		     {"ZONE"},
		     {"BY"},
		     {"WHY", false, 24}});
	for (const auto &part : forecast.parts)
		table.add({format_ranges(part.blocks), format_size(part.blocks.size() * block_size),
			   part.action,
			   part.zone == Zone::none ? "" : std::string(to_string(part.zone)),
			   part.by, part.why});
	fmt::print("{}\n", table.text(terminal_of(STDOUT_FILENO)));
}

void print_nodes(const Forecast &forecast, uint64_t block_size)
{
	auto table = node_table();
	const auto row = [&](std::string name, const Totals &before, const Totals &after,
			     const MemoryCount::Pages &was, const MemoryCount::Pages &is) {
		const auto size = [&](uint64_t Totals::*field) {
			return change(format_size(before.*field), format_size(after.*field));
		};
		table.add({std::move(name), size(&Totals::kernel), size(&Totals::movable),
			   size(&Totals::other), size(&Totals::offline),
			   change(ratio(was), ratio(is))});
	};
	const auto pages = [](const MemoryCount &count, int node) {
		const auto found = count.nodes.find(node);
		return found == count.nodes.end() ? MemoryCount::Pages() : found->second;
	};
	auto before = forecast.before.nodes(block_size);
	const auto after = forecast.after.nodes(block_size);
	for (const auto &[node, totals] : after)
		row(node < 0 ? "" : fmt::format("{}", node), before[node], totals,
		    pages(forecast.before.count, node), pages(forecast.after.count, node));
	if (after.size() > 1)
		row("all", totals_of(forecast.before.blocks, block_size),
		    totals_of(forecast.after.blocks, block_size), forecast.before.count.all(),
		    forecast.after.count.all());
	fmt::print("{}\n", table.text(terminal_of(STDOUT_FILENO)));
}

void print(const Forecast &forecast, const Base &base, bool adds)
{
	const auto size = base.sysfs.block_size();
	print_parts(forecast, size);
	print_nodes(forecast, size);
	const auto where = forecast.memmap_on_memory ? std::string("of the new memory itself")
			   : forecast.memmap_node    ? fmt::format("of kernel memory, on node {}",
								   *forecast.memmap_node)
						  : std::string("of kernel memory, on other nodes");
	if (adds)
		fmt::print("memmap: {} {}\n", format_size(forecast.memmap), where);
	else if (forecast.memmap > 0)
		fmt::print("memmap: {} come back once the memory is taken out\n",
			   format_size(forecast.memmap));
	fmt::print("can be given back: {}\n",
		   change(format_size(forecast.before.unpluggable(size)),
			  format_size(forecast.after.unpluggable(size))));
	if (!forecast.ejectable.empty())
		print_folded(fmt::format("can be ejected then: {}\n",
					 fmt::join(forecast.ejectable, ", ")));
	for (const auto &warning : forecast.warnings)
		print_folded(fmt::format("warning: {}\n", warning));
}

int show(const Globals &globals, const Forecast &forecast, const Base &base, bool adds,
	 json document)
{
	if (!globals.json) {
		print(forecast, base, adds);
		return exit_done;
	}
	document.update(to_json(forecast, base));
	fmt::print("{}\n", json_text(document));
	return exit_done;
}

} // namespace

int verb_plan_add(const Globals &globals, const PlanAddOptions &options)
{
	const auto base = read_base(globals);
	if (!base)
		return complain(base.error());
	const auto forecast = forecast_add({options.bytes, options.node, options.source}, base->now,
					   base->sysfs.block_size(), base->config.online,
					   read_surroundings(base->sysfs.root_fd()).nodes);
	if (!forecast)
		return complain(forecast.error());
	return show(globals, *forecast, *base, true,
		    {{"change", "add"},
		     {"size", options.bytes},
		     {"source", to_string(options.source)},
		     {"left_to_host", json::array()}});
}

int verb_plan_offline(const Globals &globals, const ChangeRequest &request)
{
	const auto base = read_base(globals);
	if (!base)
		return complain(base.error());
	const auto plan = make_plan(base->sysfs, request, base->config.offline);
	if (!plan)
		return complain(plan.error());
	std::vector<uint64_t> chosen;
	for (size_t i = 0; i < plan->goal; ++i)
		chosen.push_back(plan->parts[i].block);
	auto forecast = forecast_offline(chosen, base->now, base->sysfs.block_size(), base->config,
					 read_load(base->sysfs.root_fd(), OwnGroup::no));
	if (!plan->left_to_host.empty())
		forecast.warnings.push_back(fmt::format(
			"left alone: {} blocks of a virtio-mem or balloon device, which the host "
			"resizes: {}",
			plan->left_to_host.size(), format_ranges(plan->left_to_host)));
	return show(globals, forecast, *base, false,
		    {{"change", "offline"},
		     {"size", chosen.size() * base->sysfs.block_size()},
		     {"source", nullptr},
		     {"left_to_host", plan->left_to_host}});
}

} // namespace memhp
