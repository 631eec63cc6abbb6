// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/memory/block.h"

namespace memhp
{

/// What to write next into the `state` file of a dax device (dax/kmem of Linux 7.3), so that its
/// memory, all of which is offline, gets online as `type`; nothing when it is done.
///
/// The file takes the device as a whole: "unplugged" removes its blocks, and only from there it can
/// go online. Its "offline" can be read but not written. It knows of its own writes only: where
/// blocks were switched one by one it shows what was written last. So what it says counts only once
/// the device was unplugged by us, `emptied`.
std::optional<std::string> next_dax_write(std::string_view state, OnlineType type, bool emptied);

} // namespace memhp
