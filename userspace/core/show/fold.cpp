// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/fold.h"

#include <algorithm>

namespace memhp
{
namespace
{

/// Appends one line and its end.
void fold_line(std::string_view line, size_t width, size_t indent, std::string &result)
{
	size_t used = 0; // by the indentation
	while (line.size() + used > width) {
		const auto room = width > used ? width - used : 0;
		const auto begin = std::min(line.find_first_not_of(' '), line.size());
		auto end = line.rfind(' ', room);
		if (end == std::string_view::npos || end <= begin)
			end = line.find(' ', begin);
		if (end == std::string_view::npos)
			break;
		const auto next = line.find_first_not_of(' ', end);
		if (next == std::string_view::npos)
			break;
		result += line.substr(0, line.find_last_not_of(' ', end) + 1);
		result += '\n' + std::string(indent, ' ');
		line.remove_prefix(next);
		used = indent;
	}
	result += line;
}

} // namespace

std::string fold(std::string_view text, size_t width, size_t indent)
{
	std::string result;
	while (!text.empty()) {
		const auto end = std::min(text.find('\n'), text.size());
		fold_line(text.substr(0, end), width, indent, result);
		if (end < text.size())
			result += '\n';
		text.remove_prefix(std::min(end + 1, text.size()));
	}
	return result;
}

std::vector<std::string> fold_cell(std::string_view text, size_t width)
{
	std::vector<std::string> lines;
	while (text.size() > width) {
		const auto blank = text.rfind(' ', width);
		const auto comma = text.rfind(',', width - 1);
		size_t end = width;
		if (blank != std::string_view::npos && blank > 0)
			end = blank;
		if (comma != std::string_view::npos && (end == width || comma + 1 > end))
			end = comma + 1;
		lines.emplace_back(text.substr(0, end));
		text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
	}
	if (lines.empty() || !text.empty())
		lines.emplace_back(text);
	return lines;
}

} // namespace memhp
