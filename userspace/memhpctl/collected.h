// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.h"
#include "memhpctl/verbs.h"

namespace memhp
{

/// Answers of memhpd in a collected tree.
inline constexpr auto collected_status = "memhp-collect/status.json";
inline constexpr auto collected_policy = "memhp-collect/policy.json";

/// True where this is a tree that has that file.
bool is_collected(const Globals &globals, const char *collected);

/// memhpd's answer to `method`, which takes no parameters: the one in the file `collected` where
/// the tree has it, else that of the memhpd that listens there. Failures as of Client::connect().
Result<nlohmann::json> ask_memhpd(const Globals &globals, const char *method,
				  const char *collected);

} // namespace memhp
