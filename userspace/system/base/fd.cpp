// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace memhp
{
namespace
{

Result<std::string> content_of(const Fd &file, const std::string &path)
{
	constexpr size_t limit = 64 << 20;
	std::string content;
	std::array<char, 65536> buffer;
	for (;;) {
		const auto got = read(file.get(), buffer.data(), buffer.size());
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(errno, path);
		if (got == 0)
			break;
		content.append(buffer.data(), static_cast<size_t>(got));
		if (content.size() > limit)
			return fail_errno(EFBIG, path);
	}
	while (!content.empty() && content.back() == '\n')
		content.pop_back();
	return content;
}

} // namespace

void Fd::reset(int fd)
{
	if (fd_ >= 0)
		close(fd_);
	fd_ = fd;
}

Result<Fd> open_at(int dir, const std::string &path, int flags, unsigned mode)
{
	const bool reads = (flags & (O_ACCMODE | O_PATH)) == O_RDONLY;
	const int fd =
		openat(dir, path.c_str(), flags | (reads ? O_NONBLOCK : 0) | O_CLOEXEC, mode);
	if (fd < 0)
		return fail_errno(errno, path);
	return Fd(fd);
}

Result<std::string> read_file(int dir, const std::string &path)
{
	const auto file = open_at(dir, path, O_RDONLY);
	if (!file)
		return fail(file.error());
	struct stat status;
	if (fstat(file->get(), &status) == 0 && S_ISFIFO(status.st_mode))
		return fail({std::make_error_code(std::errc::invalid_seek),
			     path + ": it is a FIFO, and no file"});
	return content_of(*file, path);
}

Result<std::string> read_input(const std::string &path)
{
	const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	return file ? content_of(file, path) : fail_errno(errno, path);
}

Result<void> write_value(int dir, const std::string &path, std::string_view value)
{
	const auto file = open_at(dir, path, O_WRONLY);
	if (!file)
		return fail(file.error());
	if (write(file->get(), value.data(), value.size()) < 0)
		return fail_errno(errno, path);
	return {};
}

Result<void> replace_file(int dir, const std::string &path, std::string_view content, unsigned mode)
{
	const auto temporary = path + ".new";
	const auto filled = [&]() -> Result<void> {
		// Of one that was interrupted.
		unlinkat(dir, temporary.c_str(), 0);
		const auto file = open_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
		if (!file)
			return fail(file.error());
		if (fchmod(file->get(), mode) < 0)
			return fail_errno(errno, temporary);
		while (!content.empty()) {
			const auto done = write(file->get(), content.data(), content.size());
			if (done < 0 && errno == EINTR)
				continue;
			if (done < 0)
				return fail_errno(errno, temporary);
			content.remove_prefix(static_cast<size_t>(done));
		}
		if (renameat(dir, temporary.c_str(), dir, path.c_str()) < 0)
			return fail_errno(errno, path);
		return {};
	}();
	if (!filled)
		unlinkat(dir, temporary.c_str(), 0);
	return filled;
}

Result<std::vector<std::string>> names_in(int dir, const std::string &path, bool directories_only)
{
	auto fd = open_at(dir, path, O_RDONLY | O_DIRECTORY);
	if (!fd)
		return fail(fd.error());
	const std::unique_ptr<DIR, int (*)(DIR *)> stream(fdopendir(fd->get()), closedir);
	if (!stream)
		return fail_errno(errno, path);
	fd->release(); // closedir() closes it
	std::vector<std::string> names;
	errno = 0;
	while (const auto *entry = readdir(stream.get())) {
		const std::string name = entry->d_name;
		if (name[0] != '.' && (!directories_only || entry->d_type == DT_DIR))
			names.push_back(name);
		errno = 0;
	}
	if (errno != 0)
		return fail_errno(errno, path);
	std::sort(names.begin(), names.end());
	return names;
}

Result<std::string> read_link(int dir, const std::string &path)
{
	std::array<char, PATH_MAX> buffer;
	const auto length = readlinkat(dir, path.c_str(), buffer.data(), buffer.size());
	if (length < 0)
		return fail_errno(errno, path);
	return std::string(buffer.data(), static_cast<size_t>(length));
}

bool is_running_root(int dir)
{
	struct stat one;
	struct stat other;
	return fstat(dir, &one) == 0 && stat("/", &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

} // namespace memhp
