// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string_view>

namespace memhp
{

/// Whether a kernel release as uname has it, "6.1.0-56-amd64", is older than MAJOR.MINOR. False
/// where it begins with no such number. For what a kernel does and shows in no file; a
/// distribution may have changed it.
bool older_than(std::string_view release, unsigned major, unsigned minor);

} // namespace memhp
