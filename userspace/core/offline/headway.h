// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"

namespace memhp
{

/// Tells an offline that moves pages from one that goes round in circles, for a page is held: the
/// kernel tries the same page again and again then, and no other moves.
class Headway
{
public:
	/// `moved`: how many pages the kernel has moved so far, whoever asked for it; nothing where
	/// that is not known.
	Headway(std::optional<uint64_t> moved, Time now) : moved_(moved), looked_(now) {}

	/// Whether enough pages have moved since the look before. What is not known is no headway.
	bool look(std::optional<uint64_t> moved, Time now);

private:
	std::optional<uint64_t> moved_;
	Time looked_;
};

/// How often to look, of an attempt with this deadline.
Time headway_interval(Time deadline);

} // namespace memhp
