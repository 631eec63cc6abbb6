// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace memhp::log
{

/// As syslog(3) numbers them.
enum class Level { error = 3, warning = 4, info = 6, debug = 7 };

/// Lines above `level` are dropped. The one global of the program.
void set_level(Level level);

/// False where a line of this level would be dropped: then nothing is made of its arguments.
bool wanted(Level level);

/// One line to standard error; under systemd with the priority prefix that the journal reads.
void write(Level level, std::string_view line);

template <typename... Args> void error(fmt::format_string<Args...> text, Args &&...args)
{
	write(Level::error, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args> void warning(fmt::format_string<Args...> text, Args &&...args)
{
	write(Level::warning, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args> void info(fmt::format_string<Args...> text, Args &&...args)
{
	write(Level::info, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args> void debug(fmt::format_string<Args...> text, Args &&...args)
{
	if (wanted(Level::debug))
		write(Level::debug, fmt::format(text, std::forward<Args>(args)...));
}

} // namespace memhp::log
