// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"

namespace memhp
{

/// Memory from /proc/iomem. Where a driver added it, that shows in the name of the resource
/// ("System RAM (virtio_mem)"), and its device in the name of its parent.
struct AddedMemory {
	uint64_t first; ///< physical addresses, both included
	uint64_t last;
	Source source;	    ///< unknown: no driver's; of the boot, or added by the firmware
	std::string device; ///< virtio0, dax0.0; empty where the parent has none, or for no driver
};

/// `text` is the content of /proc/iomem. Lines that are no resource are passed over.
std::vector<AddedMemory> parse_iomem(std::string_view text);

/// /proc/iomem below `root_fd`. EACCES where it shows all addresses as 0: the reader lacks
/// CAP_SYS_ADMIN.
Result<std::vector<AddedMemory>> read_iomem(int root_fd);

} // namespace memhp
