// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/defend.h"

#include <algorithm>

namespace memhp
{

unsigned recent_defences(const std::vector<Time> &put_right, Time now)
{
	return static_cast<unsigned>(
		std::count_if(put_right.begin(), put_right.end(),
			      [&](Time time) { return now - time < defend_window; }));
}

} // namespace memhp
