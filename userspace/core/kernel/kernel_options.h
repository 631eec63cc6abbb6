// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memhp
{

/// How a kernel was built: options without their CONFIG_, and "y", "m" or a value. An option that
/// is off is missing.
using KernelConfig = std::map<std::string, std::string, std::less<>>;

/// `text` is a file as /boot/config-RELEASE; lines that set nothing are passed over.
KernelConfig parse_kernel_config(std::string_view text);

/// Parameters that a kernel was booted with, in their order; the value is empty for one without
/// "=".
using BootParameters = std::vector<std::pair<std::string, std::string>>;

/// `text` is /proc/cmdline. White space between double quotes does not part two of them; what
/// comes after a lone "--" is for init. A dash in a name is read as an underscore, as the kernel
/// does.
BootParameters parse_command_line(std::string_view text);

} // namespace memhp
