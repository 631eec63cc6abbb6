// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/container.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

constexpr auto devices_dir = "sys/bus/acpi/devices";
/// Far more than any firmware nests.
constexpr int most_levels = 16;

/// A processor without the file cannot go offline.
bool cpu_online(int root_fd, uint64_t cpu)
{
	const auto text =
		read_file(root_fd, fmt::format("sys/devices/system/cpu/cpu{}/online", cpu));
	return !text || *text != "0";
}

void collect(int root_fd, const std::string &dir, int level, Container &found)
{
	constexpr std::string_view physical = "physical_node";
	const auto names = names_in(root_fd, dir);
	for (const auto &name : names.value_or(std::vector<std::string>())) {
		const auto path = dir + "/" + name;
		const auto link = read_link(root_fd, path);
		if (link && name.compare(0, physical.size(), physical) == 0) {
			const auto target = link->substr(link->rfind('/') + 1);
			uint64_t cpu = 0;
			if (target.compare(0, 3, "cpu") == 0 &&
			    parse_number(std::string_view(target).substr(3), 10, cpu) &&
			    cpu_online(root_fd, cpu))
				found.cpus.push_back(cpu);
		}
		// The firmware's devices are directories called HID:NUMBER.
		if (link || name.find(':') == std::string::npos || level == most_levels)
			continue;
		found.devices.insert(name);
		collect(root_fd, path, level + 1, found);
		if (is_container(root_fd, name))
			found.containers.push_back(name);
	}
}

} // namespace

std::string container_path(const std::string &name)
{
	return "sys/devices/system/container/" + name + "/online";
}

bool is_container(int root_fd, const std::string &name)
{
	return open_at(root_fd, container_path(name), O_PATH).has_value();
}

Result<Container> read_container(int root_fd, const std::string &name)
{
	if (!is_container(root_fd, name))
		return fail_errno(ENOENT, "container " + name);
	Container container;
	collect(root_fd, fmt::format("{}/{}", devices_dir, name), 0, container);
	container.containers.push_back(name);
	std::sort(container.cpus.begin(), container.cpus.end());
	return container;
}

} // namespace memhp
