// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>

#include "core/base/units.h"

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

/// How often somebody is told that it goes as it should. Each telling takes both sides as long as a
/// few blocks.
constexpr Time telling_interval = std::chrono::milliseconds(100);

/// When to tell of progress.
class TellingPace
{
public:
	/// True where it is time. What is out of the ordinary is told at once.
	bool due(bool ordinary, Time now)
	{
		if (!ordinary)
			return true;
		if (now < next_)
			return false;
		next_ = now + telling_interval;
		return true;
	}

private:
	Time next_ = Time::min();
};

} // namespace memhp
