// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "memhpctl/blocks.h"
#include "memhpctl/json_text.h"
#include "memhpctl/list_columns.h"
#include "memhpctl/table.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/offline/report.h"

namespace memhp
{
namespace
{

using Id = ListColumn::Id;

/// What the module knows of a block's last change.
struct LastChange {
	uint64_t since = 0;
	std::string by;
};

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

/// Files of a block that nobody needs but these columns; empty where there is none.
void read_extras(const Sysfs &sysfs, const std::vector<ListColumn> &columns, ListRow &row)
{
	const auto number = row.block.number;
	if (has(columns, {Id::removable}))
		row.removable = sysfs.attribute(number, "removable").value_or("");
	if (has(columns, {Id::phys_device}))
		row.phys_device = sysfs.attribute(number, "phys_device").value_or("");
}

std::vector<ListRow> rows_of(const Found &found, const ListOptions &options,
			     const std::vector<ListColumn> &columns,
			     const std::map<uint64_t, LastChange> &changes)
{
	std::vector<ListRow> rows;
	for (const auto &block : found.blocks) {
		ListRow next;
		next.block = block;
		next.last = block.number;
		if (const auto change = changes.find(block.number); change != changes.end()) {
			next.since = change->second.since;
			next.by = change->second.since ? change->second.by : "";
		}
		read_extras(found.sysfs, columns, next);
		if (!rows.empty() && !options.split && same_line(rows.back(), next, columns)) {
			rows.back().last = block.number;
			rows.back().since = std::max(rows.back().since, next.since);
		} else {
			rows.push_back(std::move(next));
		}
	}
	return rows;
}

std::string table_text(const Found &found, const ListOptions &options,
		       const std::vector<ListColumn> &columns,
		       const std::map<uint64_t, LastChange> &changes)
{
	std::vector<Table::Column> titles;
	for (const auto &column : columns)
		titles.push_back({column.title, column.right});
	Table table(titles);
	const ListStyle style{found.sysfs.block_size(), options.bytes,
			      Clock::of(found.sysfs.root_fd())};
	for (const auto &row : rows_of(found, options, columns, changes)) {
		std::vector<std::string> cells;
		for (const auto &column : columns)
			cells.push_back(cell_text(column.id, row, style));
		table.add(std::move(cells));
	}
	return table.text(!options.no_headings);
}

/// Of the longest line, in characters.
size_t width(std::string_view text)
{
	size_t most = 0;
	while (!text.empty()) {
		const auto end = std::min(text.find('\n'), text.size());
		most = std::max(most, end);
		text.remove_prefix(std::min(end + 1, text.size()));
	}
	return most;
}

} // namespace

int verb_list(const Globals &globals, const ListOptions &options)
{
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	const auto columns = choose_columns(options.columns, kmod.check().has_value());
	if (!columns)
		return complain(columns.error(), exit_usage);

	Sysfs::Detail detail;
	detail.zone = globals.json || has(*columns, {Id::zone, Id::zones});
	detail.candidates = detail.zone;
	detail.origin = globals.json || has(*columns, {Id::source, Id::device});
	const auto found = find_blocks(globals, options.target, detail);
	if (!found)
		return complain(found.error().error, found.error().status);
	const auto changes = globals.json || has(*columns, {Id::since, Id::by})
				     ? last_changes(kmod)
				     : std::map<uint64_t, LastChange>();
	if (globals.json) {
		print_json(found->blocks, found->sysfs.block_size(), changes);
		return exit_done;
	}

	const auto terminal = terminal_of(STDOUT_FILENO);
	auto shown = *columns;
	auto text = table_text(*found, options, shown, changes);
	std::string missing;
	while (terminal.interactive && options.columns.empty() && width(text) > terminal.width) {
		const auto title = leave_one_out(shown);
		if (!title)
			break;
		missing += (missing.empty() ? "" : ", ") + *title;
		text = table_text(*found, options, shown, changes);
	}
	fmt::print("{}", text);
	if (!missing.empty())
		fmt::print("(no room for {}; list -o names columns)\n", missing);
	return exit_done;
}

} // namespace memhp
