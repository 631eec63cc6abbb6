// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace memhp
{

/// Names in a directory below `root_fd`, in no order, but for those that begin with a dot; none
/// where it cannot be read.
std::vector<std::string> names_in(int root_fd, const std::string &path);

/// The same of its directories only.
std::vector<std::string> directories_in(int root_fd, const std::string &path);

} // namespace memhp
