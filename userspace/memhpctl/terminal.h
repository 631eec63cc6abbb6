// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string_view>

#include "core/show/terminal.h"

namespace memhp
{

/// What is behind a file descriptor, by it and by the environment.
Terminal terminal_of(int fd);

/// Prints lines to standard output. On a terminal those that are too long for it are broken at
/// blanks, and indented from there on.
void print_folded(std::string_view text, size_t indent = 4);

/// Says something on the side: a line on standard error that begins with the program's name, broken
/// as print_folded() does.
void print_note(std::string_view text);

} // namespace memhp
