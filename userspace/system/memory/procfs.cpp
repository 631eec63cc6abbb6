// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/procfs.h"

#include <cerrno>

#include "core/explain/resources.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

Source driver_source(std::string_view name)
{
	if (name == "System RAM (virtio_mem)")
		return Source::virtio_mem;
	if (name == "System RAM (kmem)")
		return Source::dax_kmem;
	return Source::unknown;
}

} // namespace

std::vector<AddedMemory> parse_iomem(std::string_view text)
{
	std::vector<AddedMemory> result;
	std::vector<std::string> parents; // name of the last resource at each depth

	for (const auto &resource : parse_resources(text)) {
		if (resource.depth > parents.size())
			continue;
		parents.resize(resource.depth);
		const auto source = driver_source(resource.name);
		if (source != Source::unknown)
			result.push_back({resource.first, resource.last, source,
					  parents.empty() ? std::string() : parents.back()});
		else if (resource.name == "System RAM")
			result.push_back({resource.first, resource.last, source, ""});
		parents.push_back(resource.name);
	}
	return result;
}

Result<std::vector<AddedMemory>> read_iomem(int root_fd)
{
	const auto text = read_file(root_fd, "proc/iomem");
	if (!text)
		return fail(text.error());
	const bool hidden = parse_resources(*text).empty() &&
			    text->find("00000000-00000000 : ") != std::string::npos;
	if (hidden)
		return fail_errno(EACCES, "addresses of /proc/iomem");
	return parse_iomem(*text);
}

} // namespace memhp
