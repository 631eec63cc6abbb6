// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/show/fold.h"

namespace memhp
{
namespace
{

constexpr size_t gap = 2; ///< between two columns

size_t total(const std::vector<size_t> &widths, const std::vector<bool> &shown)
{
	size_t sum = 0;
	for (size_t i = 0; i < widths.size(); ++i)
		sum += shown[i] ? widths[i] + gap : 0;
	return sum > gap ? sum - gap : 0;
}

} // namespace

std::vector<size_t> Table::natural_widths(bool titles) const
{
	std::vector<size_t> widths;
	for (const auto &column : columns_)
		widths.push_back(titles ? column.title.size() : 1);
	for (const auto &row : rows_)
		for (size_t i = 0; i < row.size(); ++i)
			widths[i] = std::max({widths[i], row[i].size(), size_t{1}});
	return widths;
}

bool Table::is_empty(size_t column) const
{
	return std::all_of(rows_.begin(), rows_.end(), [&](const auto &row) {
		return row[column].empty() || row[column] == "-";
	});
}

std::optional<size_t> Table::next_to_leave_out(const std::vector<bool> &shown) const
{
	std::optional<size_t> next;
	const auto rank = [&](size_t i) { return is_empty(i) ? 0 : columns_[i].spare; };
	for (size_t i = 0; i < columns_.size(); ++i)
		if (shown[i] && columns_[i].spare > 0 && (!next || rank(i) < rank(*next)))
			next = i;
	return next;
}

std::string Table::render(const std::vector<size_t> &widths, const std::vector<bool> &shown,
			  bool titles) const
{
	std::string result;
	const auto line = [&](const auto &cell_of) {
		std::string text;
		for (size_t i = 0; i < columns_.size(); ++i) {
			if (!shown[i])
				continue;
			const std::string cell = cell_of(i);
			text += columns_[i].right ? fmt::format("{:>{}}", cell, widths[i])
						  : fmt::format("{:<{}}", cell, widths[i]);
			text += std::string(gap, ' ');
		}
		text.erase(text.find_last_not_of(' ') + 1);
		result += text + '\n';
	};
	if (titles)
		line([&](size_t i) { return columns_[i].title; });
	for (const auto &row : rows_) {
		std::vector<std::vector<std::string>> cells;
		size_t height = 1;
		for (size_t i = 0; i < row.size(); ++i) {
			cells.push_back(fold_cell(row[i].empty() ? "-" : row[i], widths[i]));
			height = shown[i] ? std::max(height, cells[i].size()) : height;
		}
		for (size_t at = 0; at < height; ++at)
			line([&](size_t i) {
				return at < cells[i].size() ? cells[i][at] : std::string();
			});
	}
	return result;
}

std::string Table::text(bool titles) const
{
	return render(natural_widths(titles), std::vector<bool>(columns_.size(), true), titles);
}

std::string Table::text(const Terminal &terminal) const
{
	if (!terminal.interactive)
		return text();
	auto widths = natural_widths(true);
	std::vector<bool> shown(columns_.size(), true);
	const auto least = [&](size_t i) {
		const auto &column = columns_[i];
		return column.least == 0
			       ? widths[i]
			       : std::min(widths[i], std::max(column.least, column.title.size()));
	};
	std::string missing;
	for (;;) {
		auto narrowest = widths;
		for (size_t i = 0; i < widths.size(); ++i)
			narrowest[i] = least(i);
		const auto next = next_to_leave_out(shown);
		if (total(narrowest, shown) <= terminal.width || !next)
			break;
		shown[*next] = false;
		if (!is_empty(*next))
			missing += (missing.empty() ? "" : ", ") + columns_[*next].title;
	}
	// The widest gives first.
	while (total(widths, shown) > terminal.width) {
		size_t widest = widths.size();
		for (size_t i = 0; i < widths.size(); ++i)
			if (shown[i] && widths[i] > least(i) &&
			    (widest == widths.size() || widths[i] > widths[widest]))
				widest = i;
		if (widest == widths.size())
			break;
		--widths[widest];
	}
	auto result = render(widths, shown, true);
	if (!missing.empty())
		result += fmt::format("(no room for {}; --json has all)\n", missing);
	return result;
}

} // namespace memhp
