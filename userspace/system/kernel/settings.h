// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/online/setting.h"

namespace memhp
{

/// Path of the setting's file below the root.
std::string setting_path(KernelSetting setting);

/// What the setting is now. ENOENT where this kernel does not have it.
Result<std::string> read_setting(int root_fd, KernelSetting setting);
Result<void> write_setting(int root_fd, KernelSetting setting, std::string_view value);

} // namespace memhp
