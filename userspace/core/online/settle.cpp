// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/settle.h"

#include <algorithm>

namespace memhp
{

void Settle::changed(Time now)
{
	if (!began_)
		began_ = now;
	last_ = now;
}

void Settle::stirred(Time now) { last_ = now; }

void Settle::tell(Time now)
{
	began_.reset();
	told_ = now;
}

std::optional<Time> Settle::due() const
{
	if (!began_)
		return std::nullopt;
	return std::max(std::min(last_ + quiet, *began_ + longest), not_before());
}

bool Settle::may_tell(Time now) const { return began_ && now >= not_before(); }

} // namespace memhp
