// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <vector>

#include "core/base/units.h"

namespace memhp
{

/// How often within defend_window a setting that another program changed is put right, before that
/// program may have its way.
inline constexpr unsigned defend_limit = 3;
inline constexpr Time defend_window = std::chrono::hours(1);

/// How many of the times at which a setting was put right lie within the window that ends now.
unsigned recent_defences(const std::vector<Time> &put_right, Time now);

/// True where a setting that was put right at these times may be put right once more.
inline bool may_defend(const std::vector<Time> &put_right, Time now)
{
	return recent_defences(put_right, now) < defend_limit;
}

} // namespace memhp
