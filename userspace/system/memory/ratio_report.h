// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/online/ratio.h"

namespace memhp
{

/// The keys of `[online]` that bound the ratio, as the configuration has them; and back, where a
/// key that is missing has its default.
nlohmann::json bounds_to_json(const OnlinePolicy &policy);
OnlinePolicy bounds_from_json(const nlohmann::json &bounds);

/// How the machine stands to the bounds: bounds, standing, ratio, kernel, kernel_added, movable (in
/// bytes), available, memmap_needed, memmap_short, summary, and for each node the same counts.
nlohmann::json ratio_to_json(const OnlinePolicy &policy, const MemoryCount &count);

} // namespace memhp
