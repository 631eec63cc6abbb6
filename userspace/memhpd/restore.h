// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include "core/base/result.h"

namespace memhp
{

constexpr auto state_file = "state.json";
constexpr auto socket_file = "io.memhp";

/// Hands back the kernel's settings that a memhpd which did not end in order has left behind, but
/// not over the values of somebody else. Changes nothing where there are none, and fails where a
/// memhpd is running.
Result<void> restore_settings(const std::string &sysroot);

} // namespace memhp
