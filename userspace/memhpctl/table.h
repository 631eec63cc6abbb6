// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/show/terminal.h"

namespace memhp
{

/// Rows of text in aligned columns, two spaces apart, without trailing blanks.
class Table
{
public:
	struct Column {
		std::string title;
		bool right = false; ///< numbers
		/// Where there is no room its cells go over several lines, but are no narrower than
		/// this; 0: they do not.
		size_t least = 0;
		/// Where there is no room even so, the columns with the lowest of these numbers are
		/// left out first; 0: never.
		unsigned spare = 0;
	};

	explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
	/// As many cells as columns; an empty cell is shown as "-".
	void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
	/// All of it, however wide.
	std::string text(bool titles = true) const;
	/// For somebody who looks at it what fits; else the same. What is left out is named below,
	/// unless there is nothing in it.
	std::string text(const Terminal &terminal) const;

private:
	std::vector<size_t> natural_widths(bool titles) const;
	std::optional<size_t> next_to_leave_out(const std::vector<bool> &shown) const;
	bool is_empty(size_t column) const;
	std::string render(const std::vector<size_t> &widths, const std::vector<bool> &shown,
			   bool titles) const;

	std::vector<Column> columns_;
	std::vector<std::vector<std::string>> rows_;
};

} // namespace memhp
