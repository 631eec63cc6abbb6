// SPDX-License-Identifier: GPL-2.0-only
#include "system/directory.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>

#include "system/fd.h"

namespace memhp
{

Result<std::vector<std::string>> names_in(int dir, const std::string &path)
{
	auto opened = open_at(dir, path, O_RDONLY | O_DIRECTORY);
	if (!opened)
		return fail(opened.error());
	const std::unique_ptr<DIR, int (*)(DIR *)> stream(fdopendir(opened->get()), closedir);
	if (!stream)
		return fail_errno(errno, path);
	opened->release(); // closedir() closes it
	std::vector<std::string> names;
	errno = 0;
	while (const auto *entry = readdir(stream.get())) {
		if (entry->d_name[0] != '.')
			names.emplace_back(entry->d_name);
		errno = 0;
	}
	if (errno != 0)
		return fail_errno(errno, path);
	std::sort(names.begin(), names.end());
	return names;
}

} // namespace memhp
