// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>

#include "core/units.h"

namespace memhp
{

/// Of the time, one part for looks that nothing but lost events ask for.
constexpr int pace_share = 10;

/// When to look at everything again, given that the last look ended at `ended` and took `took`: at
/// once, or so late that looks leave most of the time to what they are for.
inline Time next_look(Time now, Time ended, Time took)
{
	return std::max(now, ended + pace_share * took);
}

} // namespace memhp
