// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace memhp
{

/// What a stream of text ends at.
struct Terminal {
	static constexpr size_t usual_width = 80;

	bool interactive = false; ///< a person looks at it: lines may be written over
	bool colour = false;
	size_t width = usual_width; ///< in characters, for tables; see judge_terminal()
	/// The same, for a line that is written over: what is longer would leave a rest behind.
	size_t line = usual_width;
};

/// What is known of the stream and of its surroundings; nothing for a variable that is not set.
struct TerminalFacts {
	bool is_terminal = false;
	size_t reported_width = 0; ///< by TIOCGWINSZ; 0 for not known
	std::optional<std::string_view> columns;
	std::optional<std::string_view> no_color;
	std::optional<std::string_view> term;
};

/// COLUMNS goes before what the terminal says of its width, but a line is never longer than both. A
/// table has a least width, since in less nobody could read it anyway. Colours only on a terminal
/// that has them, and not where NO_COLOR holds anything.
Terminal judge_terminal(const TerminalFacts &facts);

} // namespace memhp
