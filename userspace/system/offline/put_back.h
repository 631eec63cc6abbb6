// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/offline/shared_blocks.h"
#include "system/offline/engine.h"
#include "system/offline/outcome.h"

namespace memhp
{

/// What has to come back online, and how.
struct Returning {
	SharedBlocks::Blocks blocks;
	Backoff backoff;
	bool keep_type = false; ///< see JobSpec
};

/// How far that is.
struct BroughtBack {
	std::vector<uint64_t> asked;	  ///< those that are still there; ascending
	std::vector<uint64_t> back;	  ///< online by now
	std::vector<uint64_t> wrong_zone; ///< of them
	std::vector<Stayed> lost;	  ///< did not come back
	uint64_t failed_attempts = 0;
};

/// Told after each attempt, with how far it is then.
using CameBack = std::function<void(const Attempted &, const BroughtBack &)>;

/// Onlines blocks in the order of arrange_online(), each into the kind of zone that it comes from;
/// blocks of another life are left alone. Fails where the machine cannot be read: nothing is tried
/// then. Otherwise `finished` is called once, from the loop, or before this returns where there is
/// nothing to do.
Result<void> put_back(Engine &engine, const Sysfs &sysfs, const Returning &returning,
		      CameBack attempted, std::function<void(const BroughtBack &)> finished);

} // namespace memhp
