// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"
#include "core/memory/target.h"

namespace memhp
{

/// The device that a request with an eject names. The failure is one of usage: `target` is anything
/// but one whole device.
Result<std::string> device_to_eject(const Target &target);

/// What decides whether a device can be ejected.
struct EjectFacts {
	std::vector<Block> blocks; ///< of the device, whatever their state; not empty
	/// The device has a file `eject`: its firmware has the method _EJ0 for it.
	bool file = false;
	/// What /sys/firmware/acpi/hotplug/memory/enabled says; true where there is none.
	bool enabled = true;
};

/// Fails where nobody could eject the device, with the way in which its memory goes instead. Memory
/// that was there at boot is ejected only with `force`.
Result<void> may_eject(const std::string &device, const EjectFacts &facts, bool force);

} // namespace memhp
