// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace memhp
{

/// Runs a program to its end on a terminal of its own, `columns` wide, and gives what it wrote
/// there; lines end in "\r\n". `environment`: variables to set, NAME=value.
std::string run_on_terminal(const std::string &program, const std::vector<std::string> &arguments,
			    unsigned short columns,
			    const std::vector<std::string> &environment = {"TERM=xterm"});

} // namespace memhp
