// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "memhpctl/clock.h"

namespace memhp
{

/// What `--since` means as a CLOCK_BOOTTIME reading in ns; 0 for a time before the boot. "10m" is
/// so long ago; "14:03", "14:03:27" the last time that the clock said so; "2026-05-01",
/// "2026-05-01 14:03" and "2026-05-01 14:03:27" that time, all local.
Result<uint64_t> parse_since(std::string_view text, const Clock &clock);

} // namespace memhp
