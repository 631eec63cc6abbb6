// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>

#include "core/online/mode.h"

namespace memhp
{

/// The balloon driver that adds memory to this machine. Neither Hyper-V's nor Xen's leaves a name
/// at the memory itself: both add plain "System RAM".
struct Balloon {
	Source source;
	std::string device; ///< 1eccfd72-4b41-45ef-b73a-4a6e44c12924, xen_memory0
};

/// Hyper-V: the device that is bound to the driver in /sys/bus/vmbus/drivers/hv_balloon. Xen: the
/// device that its balloon registers in /sys/devices/system/xen_memory.
std::optional<Balloon> find_balloon(int root_fd);

/// What the choice of the mode depends on, as it is now. What cannot be read is not there.
Surroundings read_surroundings(int root_fd);

} // namespace memhp
