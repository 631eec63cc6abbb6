// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/resources.h"

#include <algorithm>

#include "core/base/units.h"

namespace memhp
{
namespace
{

bool parse_resource(std::string_view line, Resource &resource)
{
	const auto indent = line.find_first_not_of(' ');
	if (indent == std::string_view::npos)
		return false;
	resource.depth = indent / 2;
	line.remove_prefix(indent);
	const auto dash = line.find('-');
	const auto colon = line.find(" : ");
	if (dash == std::string_view::npos || colon == std::string_view::npos || colon < dash)
		return false;
	resource.name = line.substr(colon + 3);
	return parse_number(line.substr(0, dash), 16, resource.first) &&
	       parse_number(line.substr(dash + 1, colon - dash - 1), 16, resource.last) &&
	       resource.last > resource.first;
}

/// True where a resource below this one is RAM.
bool contains_ram(const std::vector<Resource> &resources, size_t at)
{
	for (auto next = at + 1;
	     next < resources.size() && resources[next].depth > resources[at].depth; ++next)
		if (resources[next].is_ram())
			return true;
	return false;
}

} // namespace

bool RamMap::has(std::string_view name) const
{
	return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<Resource> parse_resources(std::string_view text)
{
	std::vector<Resource> resources;
	while (!text.empty()) {
		const auto end = text.find('\n');
		Resource resource;
		if (parse_resource(text.substr(0, end), resource))
			resources.push_back(std::move(resource));
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
	}
	return resources;
}

RamMap ram_map(const std::vector<Resource> &resources, uint64_t start, uint64_t size,
	       uint64_t page_size)
{
	RamMap map;
	uint64_t ram = 0;
	for (size_t i = 0; i < resources.size(); ++i) {
		const auto &resource = resources[i];
		const auto first = std::max(resource.first, start);
		const auto last = std::min(resource.last, start + size - 1);
		if (first > last)
			continue;
		if (resource.is_ram()) {
			const auto up = (first + page_size - 1) / page_size;
			const auto down = (last + 1) / page_size;
			ram += down > up ? down - up : 0;
		} else if (!contains_ram(resources, i) && !map.has(resource.name)) {
			map.names.push_back(resource.name);
		}
	}
	const auto pages = size / page_size;
	map.missing = pages > ram ? pages - ram : 0;
	return map;
}

} // namespace memhp
