// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace memhp
{

/// A record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg).
struct KernelMessage {
	uint64_t sequence = 0; ///< without a gap, unless records were overwritten unread
	std::string text;      ///< without the newline; escapes \xNN are left as they are
	std::string device;    ///< "+memory:memory32"; empty where no device is named
};

/// `record` is what one read(2) gave.
Result<KernelMessage> parse_kernel_message(std::string_view record);

/// The block on which the ACPI core gave up an unplug that the firmware had asked for, if that is
/// what the message says: "memory memory32: Offline failed." (drivers/acpi/scan.c,
/// acpi_scan_try_to_offline()). It names the block that would not go, and has put the others of the
/// device back online, or is about to. Offlines by sysfs do not say that.
std::optional<uint64_t> failed_unplug(const KernelMessage &message);

} // namespace memhp
