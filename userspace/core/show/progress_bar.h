// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>

#include "core/base/units.h"

namespace memhp
{

/// How far long work has come.
struct BarState {
	size_t done = 0; ///< blocks
	size_t goal = 0;
	Time elapsed{};	   ///< since the work began
	std::string doing; ///< before the bar; may be empty
	std::string note;  ///< why it does not go on, or what failed last; may be empty
};

/// One line of less than `width` characters: a bar, which is short where the note needs the room,
/// blocks, rate and time left, and as much of the note as there is room for. Without a rate as long
/// as nothing tells one.
std::string progress_bar(const BarState &state, size_t width);

} // namespace memhp
