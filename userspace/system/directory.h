// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace memhp
{

/// Names in the directory `path` below `dir`, in their order, without hidden ones. ENOENT where
/// there is no such directory.
Result<std::vector<std::string>> names_in(int dir, const std::string &path);

} // namespace memhp
