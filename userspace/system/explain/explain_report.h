// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "system/explain/explain.h"

namespace memhp
{

/// The document of `memhpctl --json explain` and of the method Explain; see
/// Documentation/explain.md.
nlohmann::json to_json(const Explanation &explanation);

} // namespace memhp
