// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/load.h"

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>

#include "core/base/units.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

constexpr auto meminfo = "proc/meminfo";

/// The rest of the line that begins with `key`.
std::optional<std::string_view> line_of(std::string_view text, std::string_view key)
{
	while (!text.empty()) {
		const auto end = text.find('\n');
		const auto line = text.substr(0, end);
		if (line.substr(0, key.size()) == key)
			return line.substr(key.size());
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
	}
	return std::nullopt;
}

/// Bytes of a line "MemTotal:        2015380 kB".
std::optional<uint64_t> kilobytes(std::string_view text, std::string_view key)
{
	const auto line = line_of(text, key);
	const auto begin = line ? line->find_first_not_of(' ') : std::string_view::npos;
	const auto end = line ? line->find(" kB") : std::string_view::npos;
	uint64_t value = 0;
	if (begin == std::string_view::npos || end == std::string_view::npos || end < begin ||
	    !parse_number(line->substr(begin, end - begin), 10, value))
		return std::nullopt;
	return value << 10;
}

/// avg10 of the line "some avg10=0.12 avg60=…"; nothing where the kernel does not measure it.
std::optional<double> some_avg10(int root_fd, const std::string &path)
{
	const auto text = read_file(root_fd, path);
	const auto line = text ? line_of(*text, "some avg10=") : std::nullopt;
	double value = 0;
	if (!line ||
	    std::from_chars(line->data(), line->data() + line->size(), value).ec != std::errc())
		return std::nullopt;
	return value;
}

/// Where the pressure of this process's own group stands; empty where it has none (cgroup v1), or
/// shares the root's with everybody.
std::string own_pressure_path(int root_fd)
{
	const auto text = read_file(root_fd, "proc/self/cgroup");
	const auto path = text ? line_of(*text, "0::") : std::nullopt;
	if (!path || *path == "/")
		return {};
	return "sys/fs/cgroup" + std::string(*path) + "/memory.pressure";
}

} // namespace

Result<Load> read_load(int root_fd, OwnGroup own_group)
{
	const auto text = read_file(root_fd, meminfo);
	if (!text)
		return fail(text.error());
	const auto total = kilobytes(*text, "MemTotal:");
	const auto available = kilobytes(*text, "MemAvailable:");
	if (!total || !available)
		return fail_errno(EPROTO, std::string(meminfo) + ": no MemTotal or MemAvailable");
	Load load;
	load.total = *total;
	load.available = *available;
	load.pressure = some_avg10(root_fd, "proc/pressure/memory");
	const auto own = own_group == OwnGroup::yes ? own_pressure_path(root_fd) : std::string();
	if (!own.empty())
		load.own_pressure = some_avg10(root_fd, own).value_or(0);
	return load;
}

Result<uint64_t> poisoned_bytes(int root_fd)
{
	const auto text = read_file(root_fd, meminfo);
	if (!text)
		return fail(text.error());
	return kilobytes(*text, "HardwareCorrupted:").value_or(0);
}

std::optional<uint64_t> moved_pages(int root_fd)
{
	const auto text = read_file(root_fd, "proc/vmstat");
	const auto line = text ? line_of(*text, "pgmigrate_success ") : std::nullopt;
	uint64_t pages = 0;
	if (!line || !parse_number(line->substr(0, line->find('\n')), 10, pages))
		return std::nullopt;
	return pages;
}

} // namespace memhp
