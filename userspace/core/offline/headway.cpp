// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/headway.h"

#include <algorithm>
#include <utility>

namespace memhp
{
namespace
{

/// Two MiB of pages of 4 KiB: a machine moves a hundred times as much, an emulated one ten times.
/// Fewer may be somebody else's (compaction, NUMA balancing).
constexpr uint64_t pages_per_second = 512;

} // namespace

bool Headway::look(std::optional<uint64_t> moved, Time now)
{
	const auto before = std::exchange(moved_, moved);
	const auto took = std::chrono::duration<double>(now - std::exchange(looked_, now));
	if (!before || !moved || *moved <= *before)
		return false;
	return static_cast<double>(*moved - *before) >=
	       static_cast<double>(pages_per_second) * took.count();
}

Time headway_interval(Time deadline)
{
	constexpr Time least = std::chrono::milliseconds(10);
	constexpr Time most = std::chrono::seconds(1);
	return std::clamp(deadline / 4, least, most);
}

} // namespace memhp
