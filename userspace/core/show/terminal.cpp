// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/terminal.h"

#include <algorithm>

#include "core/base/units.h"

namespace memhp
{

Terminal judge_terminal(const TerminalFacts &facts)
{
	constexpr size_t narrowest = 40;
	constexpr size_t widest = 500;

	Terminal terminal;
	const bool able = facts.is_terminal && facts.term.value_or("dumb") != "dumb";
	terminal.interactive = able;
	terminal.colour = able && facts.no_color.value_or("").empty();
	uint64_t width = 0;
	if (!facts.columns || !parse_number(*facts.columns, 10, width) || width == 0)
		width = facts.is_terminal ? facts.reported_width : 0;
	if (width != 0) {
		terminal.line = std::min(static_cast<size_t>(width), widest);
		terminal.width = std::clamp(static_cast<size_t>(width), narrowest, widest);
	}
	if (facts.is_terminal && facts.reported_width != 0)
		terminal.line = std::min(terminal.line, facts.reported_width);
	return terminal;
}

} // namespace memhp
