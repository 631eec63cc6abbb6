// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/page_size.h"

#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{
namespace
{

uint64_t own_page_size() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

/// No kernel has others.
bool is_page_size(uint64_t bytes)
{
	return bytes >= 4096 && bytes <= 256 * 1024 && (bytes & (bytes - 1)) == 0;
}

} // namespace

std::string page_size_record() { return fmt::format("{}\n", own_page_size()); }

std::optional<uint64_t> known_page_size(int root_fd)
{
	if (is_running_root(root_fd))
		return own_page_size();
	uint64_t bytes = 0;
	if (parse_number(read_file(root_fd, collected_page_size).value_or(""), 10, bytes) &&
	    is_page_size(bytes))
		return bytes;
	const auto table = read_zones(root_fd);
	if (!table.zones.empty() && is_page_size(table.page_size))
		return table.page_size;
	return std::nullopt;
}

uint64_t page_size_of(int root_fd) { return known_page_size(root_fd).value_or(own_page_size()); }

} // namespace memhp
