// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system/offline/plan.h"

namespace memhp
{

/// What another memhpd needs to go on with a request.
struct SavedRequest {
	uint64_t id = 0;
	unsigned uid = 0;      ///< who asked
	bool detached = false; ///< nobody waits for its end
	bool owned = false;    ///< see Requests::Client
	Plan plan;	       ///< without `rearrange`
};

/// Those of `path` below `dir`, all `resumed`; none where there is no file. A file that cannot be
/// read or understood is a failure.
Result<std::vector<SavedRequest>> load_requests(int dir, const std::string &path);

/// Replaces the file atomically.
Result<void> save_requests(int dir, const std::string &path,
			   const std::vector<SavedRequest> &requests);

} // namespace memhp
