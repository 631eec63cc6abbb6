// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <cerrno>
#include <limits>

#include <dirent.h>
#include <fcntl.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/memory/sysfs_private.h"

namespace memhp
{

Result<NumberedEntries> NumberedEntries::open(int root, const std::string &path,
					      std::string_view prefix)
{
	auto dir = open_at(root, path, O_RDONLY | O_DIRECTORY);
	if (!dir)
		return fail(dir.error());
	NumberedEntries entries;
	entries.path_ = path;
	entries.prefix_ = prefix;
	entries.stream_.reset(fdopendir(dir->get()));
	if (!entries.stream_)
		return fail_errno(errno, path);
	dir->release(); // closedir() closes it
	return entries;
}

Result<bool> NumberedEntries::read(size_t most)
{
	for (size_t i = 0; i < most; ++i) {
		errno = 0;
		const auto *entry = readdir(stream_.get());
		if (!entry && errno != 0)
			return fail_errno(errno, path_);
		if (!entry)
			return false;
		const std::string_view name = entry->d_name;
		uint64_t number = 0;
		// A block with a larger one would lie beyond all addresses.
		constexpr uint64_t largest = UINT64_MAX / largest_block - 1;
		if (name.substr(0, prefix_.size()) == prefix_ &&
		    parse_number(name.substr(prefix_.size()), 10, number) && number <= largest)
			numbers_.emplace_back(number, entry->d_ino);
	}
	return true;
}

Numbered NumberedEntries::take()
{
	std::sort(numbers_.begin(), numbers_.end());
	return std::move(numbers_);
}

std::vector<uint64_t> numbers_of(const Numbered &entries)
{
	std::vector<uint64_t> numbers;
	numbers.reserve(entries.size());
	for (const auto &[number, inode] : entries)
		numbers.push_back(number);
	return numbers;
}

Result<Numbered> numbered_entries(int root, const std::string &path, std::string_view prefix)
{
	auto entries = NumberedEntries::open(root, path, prefix);
	if (!entries)
		return fail(entries.error());
	const auto more = entries->read(std::numeric_limits<size_t>::max());
	if (!more)
		return fail(more.error());
	return entries->take();
}

} // namespace memhp
