// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace memhp
{

/// Rows of text in aligned columns, two spaces apart, without trailing blanks.
class Table
{
public:
	struct Column {
		std::string title;
		bool right = false; ///< numbers
	};

	explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
	/// As many cells as columns; an empty cell is shown as "-".
	void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
	std::string text(bool titles = true) const;

private:
	std::vector<Column> columns_;
	std::vector<std::vector<std::string>> rows_;
};

} // namespace memhp
