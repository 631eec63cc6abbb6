// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/kernel_log.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "system/base/log.h"

namespace memhp
{
namespace
{

/// No record is longer: PRINTK_MESSAGE_MAX of the kernel is 2048, and CONSOLE_EXT_LOG_MAX was 8192
/// until 6.2.
constexpr size_t record_max = 8192;

/// Calls for each record that is there, until there is none right now.
void read_all(int fd, const KernelLog::Callback &callback)
{
	std::array<char, record_max> buffer;
	for (;;) {
		const auto got = read(fd, buffer.data(), buffer.size());
		// EPIPE: records were overwritten before they were read. It goes on with the
		// oldest.
		if (got < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (got <= 0)
			return;
		const auto message =
			parse_kernel_message({buffer.data(), static_cast<size_t>(got)});
		if (message)
			callback(*message);
		else
			log::debug("{}", message.error().message);
	}
}

} // namespace

Result<Fd> mark_kernel_log(int root_fd, const std::string &path)
{
	auto fd = open_at(root_fd, path, O_RDONLY | O_NONBLOCK);
	if (fd && lseek(fd->get(), 0, SEEK_END) < 0)
		return fail_errno(errno, path);
	return fd;
}

std::vector<KernelMessage> read_kernel_log(const Fd &log)
{
	std::vector<KernelMessage> messages;
	read_all(log.get(), [&](const KernelMessage &message) { messages.push_back(message); });
	return messages;
}

Result<KernelLog> KernelLog::open(Loop &loop, int root_fd, const std::string &path,
				  Callback callback)
{
	auto fd = mark_kernel_log(root_fd, path);
	if (!fd)
		return fail(fd.error());
	return KernelLog(loop, std::move(*fd), std::move(callback));
}

KernelLog::KernelLog(Loop &loop, Fd fd, Callback callback) : fd_(std::move(fd))
{
	drain_ = [raw = fd_.get(), callback = std::move(callback)] { read_all(raw, callback); };
	source_ = loop.io(fd_.get(), EPOLLIN, [again = drain_](uint32_t) { again(); });
}

} // namespace memhp
