// SPDX-License-Identifier: GPL-2.0-only
#include "system/names.h"

#include <memory>

#include <dirent.h>
#include <fcntl.h>

#include "system/fd.h"

namespace memhp
{
namespace
{

std::vector<std::string> entries(int root_fd, const std::string &path, bool directories)
{
	std::vector<std::string> names;
	auto fd = open_at(root_fd, path, O_RDONLY | O_DIRECTORY);
	if (!fd)
		return names;
	const std::unique_ptr<DIR, int (*)(DIR *)> stream(fdopendir(fd->get()), closedir);
	if (!stream)
		return names;
	fd->release(); // closedir() closes it
	while (const auto *entry = readdir(stream.get()))
		if (entry->d_name[0] != '.' && (!directories || entry->d_type == DT_DIR))
			names.emplace_back(entry->d_name);
	return names;
}

} // namespace

std::vector<std::string> names_in(int root_fd, const std::string &path)
{
	return entries(root_fd, path, false);
}

std::vector<std::string> directories_in(int root_fd, const std::string &path)
{
	return entries(root_fd, path, true);
}

} // namespace memhp
