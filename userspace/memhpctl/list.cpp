// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <functional>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/select.h"
#include "core/units.h"
#include "memhpctl/clock.h"
#include "memhpctl/json_text.h"
#include "memhpctl/table.h"
#include "memhpctl/verbs.h"
#include "system/kmod.h"
#include "system/report.h"
#include "system/sysfs.h"

namespace memhp
{
namespace
{

/// Neighbouring blocks that look the same.
struct Row {
	Block block;	    ///< the first
	uint64_t last = 0;  ///< number of the last
	uint64_t since = 0; ///< newest change of them, boot time in ns; 0 for not known
	std::string by;	    ///< who asked for it
};

/// What the module knows of a block's last change.
struct LastChange {
	uint64_t since = 0;
	std::string by;
};

std::string zone_text(const Block &block)
{
	if (block.state != BlockState::offline)
		return std::string(to_string(block.zone));
	// As lsmem shows it: where it could go, default first.
	std::string text;
	for (const auto zone : block.candidates)
		text += (text.empty() ? "" : "/") + std::string(to_string(zone));
	return text;
}

struct ColumnInfo {
	Table::Column column;
	bool merges; ///< two blocks that differ in it stand on two lines
	std::function<std::string(const Row &, uint64_t block_size)> text;
};

const std::vector<ColumnInfo> &all_columns()
{
	static const std::vector<ColumnInfo> columns = {
		{{"RANGE"},
		 false,
		 [](const Row &row, uint64_t size) {
			 return fmt::format("0x{:016x}-0x{:016x}", row.block.number * size,
					    (row.last + 1) * size - 1);
		 }},
		{{"SIZE", true},
		 false,
		 [](const Row &row, uint64_t size) {
			 return format_size((row.last - row.block.number + 1) * size);
		 }},
		{{"STATE"},
		 true,
		 [](const Row &row, uint64_t) { return std::string(to_string(row.block.state)); }},
		{{"BLOCK", true},
		 false,
		 [](const Row &row, uint64_t) {
			 return row.last == row.block.number
					? fmt::format("{}", row.last)
					: fmt::format("{}-{}", row.block.number, row.last);
		 }},
		{{"ZONE"}, true, [](const Row &row, uint64_t) { return zone_text(row.block); }},
		{{"NODE", true},
		 true,
		 [](const Row &row, uint64_t) {
			 return row.block.node ? fmt::format("{}", *row.block.node) : std::string();
		 }},
		{{"SOURCE"},
		 true,
		 [](const Row &row, uint64_t) { return std::string(to_string(row.block.source)); }},
		{{"DEVICE"}, true, [](const Row &row, uint64_t) { return row.block.device; }},
		{{"SINCE"},
		 false,
		 [](const Row &row, uint64_t) {
			 return row.since ? wall_clock(row.since) : std::string();
		 }},
		{{"BY"}, true, [](const Row &row, uint64_t) { return row.by; }},
	};
	return columns;
}

Result<std::vector<ColumnInfo>> chosen_columns(const std::string &list, bool with_module)
{
	std::vector<ColumnInfo> chosen;
	if (list.empty()) {
		for (const auto &info : all_columns())
			if (with_module ||
			    (info.column.title != "SINCE" && info.column.title != "BY"))
				chosen.push_back(info);
		return chosen;
	}
	std::istringstream names(list);
	for (std::string name; std::getline(names, name, ',');) {
		std::transform(name.begin(), name.end(), name.begin(),
			       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
		const auto found = std::find_if(
			all_columns().begin(), all_columns().end(),
			[&](const ColumnInfo &info) { return info.column.title == name; });
		if (found == all_columns().end()) {
			std::string known;
			for (const auto &info : all_columns())
				known += (known.empty() ? "" : ", ") + info.column.title;
			return fail_input(
				fmt::format("no column '{}'; columns are {}", name, known));
		}
		chosen.push_back(*found);
	}
	return chosen;
}

std::map<uint64_t, LastChange> last_changes(const Kmod &kmod)
{
	std::map<uint64_t, LastChange> changes;
	for (const auto &record : kmod.blocks().value_or(std::vector<Record>())) {
		const auto number = record.number("block");
		if (!number)
			continue;
		LastChange change;
		change.since = record.number("changed_ns").value_or(0);
		change.by = record.text("work").value_or(record.text("comm").value_or(""));
		changes.emplace(*number, std::move(change));
	}
	return changes;
}

bool same_look(const Row &row, const Row &next, const std::vector<ColumnInfo> &columns)
{
	return next.block.number == row.last + 1 &&
	       std::all_of(columns.begin(), columns.end(), [&](const ColumnInfo &info) {
		       return !info.merges || info.text(row, 1) == info.text(next, 1);
	       });
}

void print_json(const std::vector<Block> &blocks, uint64_t block_size,
		const std::map<uint64_t, LastChange> &changes)
{
	auto list = nlohmann::json::array();
	for (const auto &block : blocks) {
		auto entry = to_json(block, block_size);
		const auto change = changes.find(block.number);
		const bool known = change != changes.end() && change->second.since != 0;
		entry["changed_boot_ns"] =
			known ? nlohmann::json(change->second.since) : nlohmann::json(nullptr);
		entry["changed_by"] =
			known ? nlohmann::json(change->second.by) : nlohmann::json(nullptr);
		list.push_back(std::move(entry));
	}
	const nlohmann::json document = {{"block_size", block_size}, {"blocks", std::move(list)}};
	fmt::print("{}\n", json_text(document));
}

} // namespace

int verb_list(const Globals &globals, const ListOptions &options)
{
	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	const bool with_module = kmod.check().has_value();
	const auto columns = chosen_columns(options.columns, with_module);
	if (!columns)
		return complain(columns.error(), exit_usage);

	sysfs->set_early([&kmod] { return kmod.early_blocks(); });
	auto blocks = sysfs->scan();
	if (!blocks)
		return complain(blocks.error());
	if (!options.target.empty()) {
		const auto target = parse_target(options.target);
		if (!target)
			return complain(target.error(), exit_usage);
		if (target->bytes)
			return complain({{},
					 "list takes no size; name blocks, node:N, zone:Z, "
					 "device:D"},
					exit_usage);
		blocks = match(*target, *blocks, sysfs->block_size());
		if (!blocks)
			return complain(blocks.error());
	}
	const auto changes = last_changes(kmod);
	if (globals.json) {
		print_json(*blocks, sysfs->block_size(), changes);
		return exit_done;
	}

	std::vector<Row> rows;
	for (const auto &block : *blocks) {
		Row next{block, block.number, 0, {}};
		if (const auto change = changes.find(block.number); change != changes.end()) {
			next.since = change->second.since;
			next.by = change->second.since ? change->second.by : "";
		}
		if (!rows.empty() && !options.split && same_look(rows.back(), next, *columns)) {
			rows.back().last = block.number;
			rows.back().since = std::max(rows.back().since, next.since);
		} else {
			rows.push_back(std::move(next));
		}
	}
	std::vector<Table::Column> titles;
	for (const auto &info : *columns)
		titles.push_back(info.column);
	Table table(titles);
	for (const auto &row : rows) {
		std::vector<std::string> cells;
		for (const auto &info : *columns)
			cells.push_back(info.text(row, sysfs->block_size()));
		table.add(std::move(cells));
	}
	fmt::print("{}", table.text());
	return exit_done;
}

} // namespace memhp
