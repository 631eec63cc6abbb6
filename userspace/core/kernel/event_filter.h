// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/kernel/event.h"
#include "core/memory/target.h"

namespace memhp
{

/// Which records of the history are wanted. Different kinds narrow each other down.
struct EventFilter {
	std::optional<uint64_t> since_ns;  ///< boot time
	std::vector<Target::Range> blocks; ///< empty: any
	std::vector<int> nodes;		   ///< empty: any

	/// A record of lost ones always passes: they may have been wanted.
	bool passes(const Record &record) const;
};

} // namespace memhp
