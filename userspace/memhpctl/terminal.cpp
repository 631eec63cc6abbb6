// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/terminal.h"

#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/show/fold.h"

namespace memhp
{
namespace
{

std::optional<std::string_view> variable(const char *name)
{
	const char *value = getenv(name);
	return value ? std::optional<std::string_view>(value) : std::nullopt;
}

std::string folded(std::string_view text, const Terminal &terminal, size_t indent)
{
	return terminal.interactive ? fold(text, terminal.width, indent) : std::string(text);
}

/// What a file or a command line holds must not steer the terminal.
std::string without_controls(std::string_view text)
{
	std::string result;
	for (const char one : text) {
		const auto byte = static_cast<unsigned char>(one);
		if ((byte < 0x20 && one != '\n') || byte == 0x7f)
			result += fmt::format("\\x{:02x}", byte);
		else
			result += one;
	}
	return result;
}

} // namespace

Terminal terminal_of(int fd)
{
	TerminalFacts facts;
	winsize size{};
	facts.is_terminal = isatty(fd) != 0;
	if (facts.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0)
		facts.reported_width = size.ws_col;
	facts.columns = variable("COLUMNS");
	facts.no_color = variable("NO_COLOR");
	facts.term = variable("TERM");
	return judge_terminal(facts);
}

void print_folded(std::string_view text, size_t indent)
{
	fmt::print("{}", folded(text, terminal_of(STDOUT_FILENO), indent));
}

void print_note(std::string_view text)
{
	fmt::print(stderr, "{}",
		   folded(fmt::format("memhpctl: {}\n", without_controls(text)),
			  terminal_of(STDERR_FILENO), 4));
}

} // namespace memhp
