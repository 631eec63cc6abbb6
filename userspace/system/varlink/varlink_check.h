// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/varlink/interface.h"

namespace memhp::varlink
{

/// What keeps `value` from being of `type`: the way to it, as "target[2]" or
/// "report.stayed[0].zone", and empty where nothing does. A field that is not of the type is wrong
/// too; one that is nullable may be missing. `description` has the types that are named. The value
/// itself is ".".
std::string mismatch(const Description &description, const Type &type, const nlohmann::json &value);

} // namespace memhp::varlink
