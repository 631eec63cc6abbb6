// SPDX-License-Identifier: GPL-2.0-only
#include "system/procfs.h"

#include <cerrno>

#include "core/units.h"
#include "system/fd.h"

namespace memhp
{
namespace
{

struct Resource {
	size_t depth; ///< two spaces each
	uint64_t first;
	uint64_t last;
	std::string_view name;
};

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
	       parse_number(line.substr(dash + 1, colon - dash - 1), 16, resource.last);
}

Source driver_source(std::string_view name)
{
	if (name == "System RAM (virtio_mem)")
		return Source::virtio_mem;
	if (name == "System RAM (kmem)")
		return Source::dax_kmem;
	return Source::unknown;
}

} // namespace

std::vector<DriverMemory> parse_iomem(std::string_view text)
{
	std::vector<DriverMemory> result;
	std::vector<std::string_view> parents; // name of the last resource at each depth

	while (!text.empty()) {
		const auto end = text.find('\n');
		Resource resource{};
		const bool valid = parse_resource(text.substr(0, end), resource);
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
		if (!valid || resource.depth > parents.size())
			continue;
		parents.resize(resource.depth);
		const auto source = driver_source(resource.name);
		if (source != Source::unknown && resource.last > resource.first)
			result.push_back(
				{resource.first, resource.last, source,
				 parents.empty() ? std::string() : std::string(parents.back())});
		parents.push_back(resource.name);
	}
	return result;
}

Result<std::vector<DriverMemory>> read_iomem(int root_fd)
{
	const auto text = read_file(root_fd, "proc/iomem");
	if (!text)
		return fail(text.error());
	bool hidden = false;
	for (std::string_view rest = *text; !rest.empty();) {
		const auto end = rest.find('\n');
		Resource resource{};
		if (parse_resource(rest.substr(0, end), resource)) {
			hidden = resource.last == 0;
			if (!hidden)
				break;
		}
		rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
	}
	if (!hidden)
		return parse_iomem(*text);
	return fail_errno(EACCES, "addresses of /proc/iomem");
}

} // namespace memhp
