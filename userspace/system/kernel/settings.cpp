// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/settings.h"

#include <fmt/format.h>

#include "system/base/fd.h"

namespace memhp
{

std::string setting_path(KernelSetting setting)
{
	return fmt::format("sys/{}/{}",
			   setting == KernelSetting::auto_online_blocks
				   ? "devices/system/memory"
				   : "module/memory_hotplug/parameters",
			   to_string(setting));
}

Result<std::string> read_setting(int root_fd, KernelSetting setting)
{
	return read_file(root_fd, setting_path(setting));
}

Result<void> write_setting(int root_fd, KernelSetting setting, std::string_view value)
{
	return write_value(root_fd, setting_path(setting), value);
}

} // namespace memhp
