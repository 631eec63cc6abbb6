// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memhp
{

/// A line of /proc/iomem.
struct Resource {
	size_t depth = 0;   ///< 0: at the top
	uint64_t first = 0; ///< physical addresses, both included
	uint64_t last = 0;
	std::string name;

	bool is_ram() const { return name.substr(0, 10) == "System RAM"; }
};

/// `text` is the content of /proc/iomem. Lines that are no resource are passed over, and so is
/// everything where addresses are hidden (all 0).
std::vector<Resource> parse_resources(std::string_view text);

/// What /proc/iomem says of a range of memory.
struct RamMap {
	uint64_t missing = 0; ///< pages of the range that are no RAM: holes, to the kernel
	/// Of what else is in it: names, in their order, each once. What merely contains the RAM
	/// (a device, a window) is not named.
	std::vector<std::string> names;

	bool has(std::string_view name) const;
};

/// `size` in bytes. As the kernel counts it (walk_system_ram_range()), a page that is RAM only in
/// part is none.
RamMap ram_map(const std::vector<Resource> &resources, uint64_t start, uint64_t size,
	       uint64_t page_size);

} // namespace memhp
