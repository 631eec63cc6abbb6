// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/surroundings.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>

#include "core/base/units.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

/// An entry of a directory of devices: a link that is not one of the driver's own files. Of several
/// the lowest, so that the answer stays the same.
std::optional<std::string> first_device(int root, const std::string &path)
{
	auto dir = open_at(root, path, O_RDONLY | O_DIRECTORY);
	if (!dir)
		return std::nullopt;
	const std::unique_ptr<DIR, int (*)(DIR *)> stream(fdopendir(dir->get()), closedir);
	if (!stream)
		return std::nullopt;
	dir->release(); // closedir() closes it
	std::optional<std::string> found;
	while (const auto *entry = readdir(stream.get())) {
		const std::string name = entry->d_name;
		if (entry->d_type == DT_LNK && name != "module" && (!found || name < *found))
			found = name;
	}
	return found;
}

/// "0-1,4" as numbers; nothing where it is no such list.
std::vector<int> parse_list(std::string_view text)
{
	constexpr uint64_t most = 4096;
	std::vector<int> numbers;
	while (!text.empty()) {
		const auto part = text.substr(0, text.find(','));
		text.remove_prefix(std::min(part.size() + 1, text.size()));
		const auto dash = std::min(part.find('-'), part.size());
		uint64_t first = 0;
		if (!parse_number(part.substr(0, dash), 10, first))
			return {};
		uint64_t last = first;
		if (dash < part.size() && !parse_number(part.substr(dash + 1), 10, last))
			return {};
		for (auto number = first; number <= last && number < most; ++number)
			numbers.push_back(static_cast<int>(number));
	}
	return numbers;
}

} // namespace

std::optional<Balloon> find_balloon(int root_fd)
{
	if (auto device = first_device(root_fd, "sys/bus/vmbus/drivers/hv_balloon"))
		return Balloon{Source::hv_balloon, std::move(*device)};
	if (open_at(root_fd, "sys/devices/system/xen_memory/xen_memory0", O_PATH | O_DIRECTORY))
		return Balloon{Source::xen_balloon, "xen_memory0"};
	return std::nullopt;
}

Surroundings read_surroundings(int root_fd)
{
	Surroundings result;
	const auto balloon = find_balloon(root_fd);
	result.hv_balloon = balloon && balloon->source == Source::hv_balloon;
	result.xen_balloon = balloon && balloon->source == Source::xen_balloon;
	result.dax = first_device(root_fd, "sys/bus/dax/devices").has_value();
	if (const auto nodes = read_file(root_fd, "sys/devices/system/node/possible"))
		result.nodes = parse_list(*nodes);
	return result;
}

} // namespace memhp
