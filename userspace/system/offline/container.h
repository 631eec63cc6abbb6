// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace memhp
{

/// A container of the firmware (ACPI0004): memory, processors and other things that can be taken
/// out together only. The kernel takes nothing in it offline by itself, whoever asks for it: it
/// sends a `change` event with EVENT=offline (acpi_scan_is_offline() in drivers/acpi/scan.c). It
/// goes offline when the devices in it are (acpi_container_offline() in drivers/acpi/container.c),
/// and can be ejected after that.
struct Container {
	/// Itself, and before it those in it, the innermost first: the order to go offline.
	std::vector<std::string> containers;
	std::set<std::string> devices; ///< of the firmware, in it or in one in it
	std::vector<uint64_t> cpus;    ///< processors in it that are online, ascending
};

bool is_container(int root_fd, const std::string &name);

/// Path below the root of the file that takes a container offline ("0") and online ("1").
std::string container_path(const std::string &name);

/// Fails where there is none of that name.
Result<Container> read_container(int root_fd, const std::string &name);

} // namespace memhp
