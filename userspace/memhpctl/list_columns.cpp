// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/list_columns.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

using Id = ListColumn::Id;

constexpr std::array<ListColumn, 15> all_columns = {{
	{Id::range, "RANGE", false},
	{Id::size, "SIZE", true},
	{Id::state, "STATE", false},
	{Id::removable, "REMOVABLE", false},
	{Id::block, "BLOCK", true},
	{Id::zone, "ZONE", false},
	{Id::zones, "ZONES", false},
	{Id::node, "NODE", true},
	{Id::source, "SOURCE", false},
	{Id::device, "DEVICE", false},
	{Id::phys_index, "PHYS_INDEX", true},
	{Id::end_index, "END_INDEX", true},
	{Id::phys_device, "PHYS_DEVICE", true},
	{Id::since, "SINCE", false},
	{Id::by, "BY", false},
}};

/// Beside those that only the module tells.
constexpr auto usual = {Id::range, Id::size, Id::state,	 Id::block,
			Id::zone,  Id::node, Id::source, Id::device};

/// What a narrow terminal goes without, the first ones first.
constexpr auto left_out = {Id::by, Id::since, Id::range, Id::source, Id::device};

bool in(std::initializer_list<Id> list, Id id)
{
	return std::find(list.begin(), list.end(), id) != list.end();
}

/// Where an offline block could go, default first, as lsmem shows it.
std::string candidates(const Block &block)
{
	std::string text;
	for (const auto zone : block.candidates)
		text += (text.empty() ? "" : "/") + std::string(to_string(zone));
	return text;
}

std::string zone_text(const Block &block)
{
	return block.state == BlockState::offline ? candidates(block)
						  : std::string(to_string(block.zone));
}

std::string lsmem_zones(const Block &block)
{
	const auto text = zone_text(block);
	return text.empty() || text == to_string(Zone::none) ? "None" : text;
}

/// lsmem shows it of online blocks only.
std::string removable_text(const ListRow &row)
{
	if (row.removable.empty() || row.block.state != BlockState::online)
		return "";
	return row.removable == "0" ? "no" : "yes";
}

} // namespace

Result<std::vector<ListColumn>> choose_columns(const std::string &list, bool with_module)
{
	std::vector<ListColumn> chosen;
	if (list.empty()) {
		for (const auto &column : all_columns)
			if (in(usual, column.id) ||
			    (with_module && in({Id::since, Id::by}, column.id)))
				chosen.push_back(column);
		return chosen;
	}
	std::istringstream names(list);
	for (std::string name; std::getline(names, name, ',');) {
		std::transform(name.begin(), name.end(), name.begin(),
			       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
		const auto *found = std::find_if(
			all_columns.begin(), all_columns.end(),
			[&](const ListColumn &column) { return column.title == name; });
		if (found == all_columns.end()) {
			std::string known;
			for (const auto &column : all_columns)
				known += (known.empty() ? "" : ", ") + std::string(column.title);
			return fail_input(
				fmt::format("no column '{}'; columns are {}", name, known));
		}
		chosen.push_back(*found);
	}
	return chosen;
}

std::optional<std::string> leave_one_out(std::vector<ListColumn> &columns)
{
	for (const auto id : left_out) {
		const auto found =
			std::find_if(columns.begin(), columns.end(),
				     [id](const ListColumn &column) { return column.id == id; });
		if (found == columns.end())
			continue;
		const std::string title = found->title;
		columns.erase(found);
		return title;
	}
	return std::nullopt;
}

bool has(const std::vector<ListColumn> &columns, std::initializer_list<ListColumn::Id> any)
{
	return std::any_of(columns.begin(), columns.end(),
			   [&](const ListColumn &column) { return in(any, column.id); });
}

bool same_line(const ListRow &row, const ListRow &next, const std::vector<ListColumn> &columns)
{
	const auto same = [&](const ListColumn &column) {
		const auto &a = row.block;
		const auto &b = next.block;
		switch (column.id) {
		case Id::state:
			return a.state == b.state;
		case Id::removable:
			return removable_text(row) == removable_text(next);
		case Id::zone:
		case Id::zones:
			return a.zone == b.zone && a.candidates == b.candidates &&
			       (a.state == BlockState::offline) == (b.state == BlockState::offline);
		case Id::node:
			return a.node == b.node;
		case Id::source:
			return a.source == b.source;
		case Id::device:
			return a.device == b.device;
		case Id::phys_device:
			return row.phys_device == next.phys_device;
		case Id::by:
			return row.by == next.by;
		case Id::range:
		case Id::size:
		case Id::block:
		case Id::phys_index:
		case Id::end_index:
		case Id::since:
			break;
		}
		return true;
	};
	return next.block.number == row.last + 1 &&
	       std::all_of(columns.begin(), columns.end(), same);
}

std::string cell_text(ListColumn::Id id, const ListRow &row, const ListStyle &style)
{
	const auto &block = row.block;
	const auto size = style.block_size;
	const auto bytes = (row.last - block.number + 1) * size;
	switch (id) {
	case Id::range:
		return fmt::format("0x{:016x}-0x{:016x}", block.number * size,
				   (row.last + 1) * size - 1);
	case Id::size:
		return style.bytes ? fmt::format("{}", bytes) : format_size(bytes);
	case Id::state:
		return std::string(to_string(block.state));
	case Id::removable:
		return removable_text(row);
	case Id::block:
		return row.last == block.number ? fmt::format("{}", row.last)
						: fmt::format("{}-{}", block.number, row.last);
	case Id::zone:
		return zone_text(block);
	case Id::zones:
		return lsmem_zones(block);
	case Id::node:
		return block.node ? fmt::format("{}", *block.node) : "";
	case Id::source:
		return std::string(to_string(block.source));
	case Id::device:
		return block.device;
	case Id::phys_index: // as the kernel writes it into the file of this name
		return fmt::format("{:08x}", block.number);
	case Id::end_index:
		return fmt::format("{:08x}", row.last);
	case Id::phys_device:
		return row.phys_device;
	case Id::since:
		return row.since ? style.clock.text(row.since) : "";
	case Id::by:
		return row.by;
	}
	return "";
}

} // namespace memhp
