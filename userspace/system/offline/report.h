// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/memory/block.h"
#include "system/offline/outcome.h"
#include "system/offline/plan.h"

namespace memhp
{

/// The JSON forms of what goes over the socket and out of `memhpctl --json`. One place, so that
/// both say the same. The from_json functions fail on a missing key or a wrong type.

/// The parameters of the method that asks for its change.
nlohmann::json to_json(const ChangeRequest &request);
Result<ChangeRequest> request_from_json(const nlohmann::json &value);

nlohmann::json to_json(const Progress &progress);
Result<Progress> progress_from_json(const nlohmann::json &value);

nlohmann::json to_json(const Report &report);
Result<Report> report_from_json(const nlohmann::json &value);

/// Keys: block, address, size, state, zone, node, source, device; null for what is not known.
nlohmann::json to_json(const Block &block, uint64_t block_size);

} // namespace memhp
