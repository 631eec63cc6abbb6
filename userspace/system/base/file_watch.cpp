// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/file_watch.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <fmt/format.h>

namespace memhp
{

Result<FileWatch> FileWatch::open(Loop &loop, std::function<void()> changed)
{
	Fd fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	if (!fd)
		return fail_errno(errno, "inotify");
	auto source = loop.io(fd.get(), EPOLLIN,
			      [raw = fd.get(), changed = std::move(changed)](uint32_t) {
				      alignas(inotify_event) std::array<char, 4096> events;
				      bool any = false;
				      while (read(raw, events.data(), events.size()) > 0)
					      any = true;
				      if (any)
					      changed();
			      });
	return FileWatch(std::move(fd), std::move(source));
}

Result<void> FileWatch::add(int dir, const std::string &path)
{
	// inotify takes no directory descriptor; what it watches is the file itself.
	const auto file = open_at(dir, path, O_PATH);
	if (!file)
		return fail(file.error());
	// At the close a file has its new content; a plain one is empty in between.
	if (inotify_add_watch(fd_.get(), fmt::format("/proc/self/fd/{}", file->get()).c_str(),
			      IN_CLOSE_WRITE) < 0)
		return fail_errno(errno, path);
	return {};
}

} // namespace memhp
