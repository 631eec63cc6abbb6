// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>

namespace memhp
{

/// The wall-clock time of a CLOCK_BOOTTIME reading of this machine, local: "14:03:27.482", with
/// the date before it where it was not today.
std::string wall_clock(uint64_t boot_ns);

} // namespace memhp
