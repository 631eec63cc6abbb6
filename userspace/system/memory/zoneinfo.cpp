// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/zoneinfo.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/base/units.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

std::string_view next_line(std::string_view &text)
{
	const auto end = text.find('\n');
	const auto line = text.substr(0, end);
	text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
	return line;
}

std::string_view trimmed(std::string_view text)
{
	const auto begin = text.find_first_not_of(" \t");
	if (begin == std::string_view::npos)
		return {};
	return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// "  pages free     3840" as name and number; false for any other line.
bool parse_field(std::string_view line, std::string &name, uint64_t &value)
{
	line = trimmed(line);
	const auto gap = line.find_last_of(" \t");
	if (gap == std::string_view::npos || !parse_number(line.substr(gap + 1), 10, value))
		return false;
	name = trimmed(line.substr(0, gap));
	return true;
}

/// "Node 0, zone  Movable"; false for any other line.
bool parse_heading(std::string_view line, int &node, std::string &zone)
{
	constexpr std::string_view begin = "Node ";
	constexpr std::string_view middle = ", zone";
	const auto comma = line.find(middle);
	uint64_t number = 0;
	if (line.substr(0, begin.size()) != begin || comma == std::string_view::npos ||
	    !parse_number(line.substr(begin.size(), comma - begin.size()), 10, number))
		return false;
	node = static_cast<int>(number);
	zone = trimmed(line.substr(comma + middle.size()));
	return true;
}

/// "        protection: (0, 3019, 16203)".
std::vector<uint64_t> parse_protection(std::string_view line)
{
	std::vector<uint64_t> numbers;
	line = line.substr(line.find('(') + 1);
	while (!line.empty()) {
		const auto length = std::min(line.find_first_of(",)"), line.size());
		uint64_t number = 0;
		if (!parse_number(trimmed(line.substr(0, length)), 10, number))
			break;
		numbers.push_back(number);
		line.remove_prefix(std::min(length + 1, line.size()));
	}
	return numbers;
}

struct RawZone {
	int node = 0;
	std::string name;
	std::map<std::string, uint64_t> fields;
	std::vector<uint64_t> protection;
	uint64_t listed = 0;

	uint64_t field(const std::string &key) const
	{
		const auto found = fields.find(key);
		return found == fields.end() ? 0 : found->second;
	}
};

/// `normal` is the place of ZONE_NORMAL among the zones of its node.
uint64_t available_of(const RawZone &zone, size_t normal)
{
	const auto low = zone.field("low");
	const auto files = zone.field("nr_zone_active_file") + zone.field("nr_zone_inactive_file");
	const auto free = zone.field("pages free") + files - std::min(files / 2, low);
	auto kept = low + zone.field("nr_free_cma");
	if (normal < zone.protection.size())
		kept += zone.protection[normal];
	return free - std::min(free, kept);
}

/// The boost of the watermarks passes.
uint64_t kept_of(const RawZone &zone)
{
	const auto min = zone.field("min");
	return std::min(zone.field("pages free"), min - std::min(min, zone.field("boost")));
}

/// The power of two that is next to bytes / pages: a balloon may have moved between two files.
uint64_t page_size(uint64_t bytes, uint64_t pages)
{
	uint64_t size = 1024;
	while (size * pages + size * pages / 2 < bytes)
		size *= 2;
	return size;
}

} // namespace

ZoneInfo parse_zoneinfo(std::string_view text)
{
	std::vector<RawZone> raw;
	while (!text.empty()) {
		const auto line = next_line(text);
		RawZone zone;
		std::string name;
		uint64_t value = 0;
		if (parse_heading(line, zone.node, zone.name))
			raw.push_back(std::move(zone));
		else if (raw.empty())
			continue;
		else if (trimmed(line).substr(0, 11) == "protection:")
			raw.back().protection = parse_protection(line);
		else if (!parse_field(line, name, value))
			continue;
		else if (name == "count:")
			raw.back().listed += value;
		else
			// Behind the zone's own counts come those of each CPU.
			raw.back().fields.emplace(std::move(name), value);
	}
	ZoneInfo info;
	size_t place = 0;
	size_t normal = 0;
	for (size_t i = 0; i < raw.size(); ++i) {
		if (i == 0 || raw[i].node != raw[i - 1].node) {
			place = i;
			normal = 0;
			for (size_t k = i; k < raw.size() && raw[k].node == raw[i].node; ++k)
				if (raw[k].name == "Normal")
					normal = k - place;
		}
		const auto &zone = raw[i];
		info.managed += zone.field("managed");
		if (zone.name == "Device")
			continue;
		const bool movable = zone.name == "Movable";
		info.zones.push_back({zone.node, movable, zone.field("present"), zone.field("cma"),
				      movable ? 0 : available_of(zone, normal), kept_of(zone),
				      zone.listed});
	}
	return info;
}

ZoneTable read_zones(int root_fd)
{
	ZoneTable table;
	const auto on_memory =
		read_file(root_fd, "sys/module/memory_hotplug/parameters/memmap_on_memory");
	table.memmap_on_memory = on_memory && *on_memory != "N";

	const auto text = read_file(root_fd, "proc/zoneinfo");
	const auto meminfo = read_file(root_fd, "proc/meminfo");
	if (!text || !meminfo)
		return table;
	auto info = parse_zoneinfo(*text);
	std::map<std::string, uint64_t, std::less<>> kilobytes;
	for (std::string_view rest = *meminfo; !rest.empty();) {
		auto line = next_line(rest);
		const auto unit = line.rfind(" kB");
		std::string name;
		uint64_t value = 0;
		if (unit != std::string_view::npos &&
		    parse_field(line.substr(0, unit), name, value))
			kilobytes[name] = value;
	}
	const auto total = kilobytes["MemTotal:"] * 1024;
	if (info.managed == 0 || total == 0)
		return table;
	table.page_size = page_size(total, info.managed);
	table.zones = std::move(info.zones);

	const bool cma_known = std::any_of(table.zones.begin(), table.zones.end(),
					   [](const ZonePages &zone) { return zone.cma > 0; });
	auto cma = kilobytes["CmaTotal:"] * 1024 / table.page_size;
	for (auto &zone : table.zones) {
		if (cma_known || zone.movable)
			continue;
		zone.cma = std::min(cma, zone.present);
		cma -= zone.cma;
	}
	return table;
}

} // namespace memhp
