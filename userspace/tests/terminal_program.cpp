// SPDX-License-Identifier: GPL-2.0-only
#include "terminal_program.h"

#include "program.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace memhp
{

std::string run_on_terminal(const std::string &program, const std::vector<std::string> &arguments,
			    unsigned short columns, const std::vector<std::string> &environment)
{
	const winsize size = {.ws_row = 25, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
	int terminal = -1;
	const auto pid = forkpty(&terminal, nullptr, nullptr, &size);
	if (pid < 0)
		throw std::system_error(errno, std::generic_category(), "forkpty");
	if (pid == 0) {
		unsetenv("COLUMNS");
		unsetenv("NO_COLOR");
		become(program, arguments, environment);
	}
	std::string output;
	std::array<char, 4096> buffer;
	for (;;) {
		// EIO once the other end is closed.
		const auto got = read(terminal, buffer.data(), buffer.size());
		if (got <= 0)
			break;
		output.append(buffer.data(), static_cast<size_t>(got));
	}
	close(terminal);
	waitpid(pid, nullptr, 0);
	return output;
}

} // namespace memhp
