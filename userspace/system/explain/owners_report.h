// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/explain/owners.h"

namespace memhp
{

/// A list with an object for each held page. Keys: pfn (as text, "0x300000"), pages, kind,
/// references, accounted, mapcount (or null), pinned, owner (an object with pid, comm and proof,
/// or null where none is proved), cgroup (or null), text (all that is known, in words).
nlohmann::json to_json(const std::vector<HeldPage> &held, const Owners &owners);

/// An object: processes, each with pid, comm, pages; cgroups, each with path, pages; complete. The
/// first `most` of each.
nlohmann::json to_json(const Owners &owners, size_t most);

} // namespace memhp
