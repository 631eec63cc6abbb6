// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string_view>
#include <vector>

#include "core/online/ratio.h"

namespace memhp
{

/// What /proc/zoneinfo says of each zone but ZONE_DEVICE; `managed` is the sum of what all zones
/// manage, in pages. Kernels before 5.12 show no CMA there.
struct ZoneInfo {
	std::vector<ZonePages> zones;
	uint64_t managed = 0;
};

/// `text` is the content of /proc/zoneinfo; a line that is not understood is passed over. What is
/// available of a zone is estimated as MemAvailable of /proc/meminfo is: free pages above the low
/// watermark and the reserve against allocations that a higher zone can serve, and half of the
/// pages of files.
ZoneInfo parse_zoneinfo(std::string_view text);

/// The zones as they are now; no zones where /proc does not show them. The size of a page is taken
/// from MemTotal, which is what the zones manage, so that a recorded tree may be of any machine.
ZoneTable read_zones(int root_fd);

/// How the whole machine stands, from a fresh look at the zones.
inline MemoryCount count_memory(int root_fd, const std::vector<Block> &blocks, uint64_t block_size)
{
	return count_memory(blocks, block_size, read_zones(root_fd));
}

} // namespace memhp
