// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/offline/shared_blocks.h"

namespace memhp
{

/// What another memhpd needs to go on with an unplug.
struct SavedUnplug {
	Time asked{};		    ///< when the host did so last
	SharedBlocks::Blocks taken; ///< blocks that were online, and where

	bool operator==(const SavedUnplug &) const = default;
};
/// By the name of the device.
using SavedUnplugs = std::map<std::string, SavedUnplug>;

/// None where there is no file. A file that cannot be read or understood is a failure.
Result<SavedUnplugs> load_unplugs(int dir, const std::string &path);

/// Replaces the file atomically.
Result<void> save_unplugs(int dir, const std::string &path, const SavedUnplugs &unplugs);

} // namespace memhp
