// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/table.h"

#include <algorithm>

#include <fmt/format.h>

namespace memhp
{

std::string Table::text(bool titles) const
{
	std::vector<size_t> widths;
	for (const auto &column : columns_)
		widths.push_back(titles ? column.title.size() : 1);
	for (const auto &row : rows_)
		for (size_t i = 0; i < row.size(); ++i)
			widths[i] = std::max({widths[i], row[i].size(), size_t{1}});

	std::string result;
	const auto line = [&](const auto &cell_of) {
		std::string text;
		for (size_t i = 0; i < columns_.size(); ++i) {
			const std::string &cell = cell_of(i);
			const auto shown = cell.empty() ? std::string("-") : cell;
			text += i == 0 ? "" : "  ";
			text += columns_[i].right ? fmt::format("{:>{}}", shown, widths[i])
						  : fmt::format("{:<{}}", shown, widths[i]);
		}
		text.erase(text.find_last_not_of(' ') + 1);
		result += text + '\n';
	};
	if (titles)
		line([&](size_t i) -> const std::string & { return columns_[i].title; });
	for (const auto &row : rows_)
		line([&](size_t i) -> const std::string & { return row[i]; });
	return result;
}

} // namespace memhp
