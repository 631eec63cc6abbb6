// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/uevent.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <libudev.h>
#include <linux/netlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/log.h"

namespace memhp
{
namespace
{

Uevent::Action parse_action(std::string_view action)
{
	if (action == "add")
		return Uevent::Action::add;
	if (action == "remove")
		return Uevent::Action::remove;
	if (action == "online")
		return Uevent::Action::online;
	if (action == "offline")
		return Uevent::Action::offline;
	return Uevent::Action::other;
}

} // namespace

std::string_view to_string(Uevent::Action action)
{
	switch (action) {
	case Uevent::Action::add:
		return "add";
	case Uevent::Action::remove:
		return "remove";
	case Uevent::Action::online:
		return "online";
	case Uevent::Action::offline:
		return "offline";
	case Uevent::Action::other:
		break;
	}
	return "change";
}

UeventMessage parse_uevent(std::string_view message)
{
	constexpr std::string_view block_path = "/devices/system/memory/memory";
	const auto next = [&message] {
		const auto end = std::min(message.find('\0'), message.size());
		const auto text = message.substr(0, end);
		message.remove_prefix(std::min(end + 1, message.size()));
		return text;
	};

	UeventMessage found;
	const auto title = next();
	const auto at = title.find('@');
	if (at == std::string_view::npos)
		return found;
	const auto path = title.substr(at + 1);
	if (path.substr(0, block_path.size()) == block_path) {
		if (parse_number(path.substr(block_path.size()), 10, found.event.block)) {
			found.about = UeventMessage::About::memory_block;
			found.event.action = parse_action(title.substr(0, at));
		}
		return found;
	}
	bool container = false;
	bool wanted = false;
	while (!message.empty()) {
		const auto variable = next();
		container |= variable == "SUBSYSTEM=container";
		wanted |= variable == "EVENT=offline";
		if (variable == "SUBSYSTEM=dax")
			found.about = UeventMessage::About::dax;
	}
	if (container && wanted && title.substr(0, at) == "change") {
		found.about = UeventMessage::About::container;
		found.container = path.substr(path.rfind('/') + 1);
	}
	return found;
}

Result<int> choose_receive_buffer(std::string_view given)
{
	constexpr uint64_t most = 1 << 30;
	if (given.empty())
		return default_receive_buffer;
	const auto size = parse_size(given);
	if (!size)
		return fail(size.error());
	if (*size == 0 || *size > most)
		return fail_input(fmt::format("'{}' is no size from 1 to 1G", given));
	return static_cast<int>(*size);
}

void UeventMonitor::UdevUnref::operator()(udev *handle) const { udev_unref(handle); }
void UeventMonitor::UdevUnref::operator()(udev_monitor *handle) const
{
	udev_monitor_unref(handle);
}

Result<std::unique_ptr<UeventMonitor>>
UeventMonitor::open(Loop &loop, int buffer, std::function<void(const Uevent &)> receive,
		    std::function<void()> lost, std::function<void()> dax,
		    std::function<void(const std::string &)> container)
{
	std::unique_ptr<UeventMonitor> self(new UeventMonitor(loop));
	self->receive_ = std::move(receive);
	self->lost_ = std::move(lost);
	self->dax_ = std::move(dax);
	self->container_ = std::move(container);

	self->udev_.reset(udev_new());
	if (!self->udev_)
		return fail_errno(errno, "libudev");
	self->monitor_.reset(udev_monitor_new_from_netlink(self->udev_.get(), "kernel"));
	if (!self->monitor_)
		return fail_errno(errno, "kernel uevent socket");

	auto *monitor = self->monitor_.get();
	int error = udev_monitor_enable_receiving(monitor);
	if (error < 0)
		return fail_errno(-error, "kernel uevent socket");
	error = udev_monitor_set_receive_buffer_size(monitor, buffer);
	if (error < 0)
		log::warning("uevent receive buffer stays at the system's default: {}; "
			     "a storm of events will lead to rescans",
			     std::generic_category().message(-error));
	self->listen();
	return self;
}

void UeventMonitor::listen()
{
	source_ = loop_.io(udev_monitor_get_fd(monitor_.get()), EPOLLIN, [this](uint32_t) {
		wait();
		drain();
	});
}

void UeventMonitor::wait()
{
	source_ = loop_.timer(Loop::now() + interval_, [this] { drain() ? wait() : listen(); });
}

bool UeventMonitor::drain()
{
	bool any = false;
	std::array<sockaddr_nl, batch> senders;
	std::array<iovec, batch> buffers;
	std::array<mmsghdr, batch> headers;
	for (;;) {
		for (size_t i = 0; i < batch; ++i) {
			buffers[i] = {messages_[i].data(), messages_[i].size()};
			headers[i] = {};
			headers[i].msg_hdr.msg_name = &senders[i];
			headers[i].msg_hdr.msg_namelen = sizeof(senders[i]);
			headers[i].msg_hdr.msg_iov = &buffers[i];
			headers[i].msg_hdr.msg_iovlen = 1;
		}
		const int got = recvmmsg(udev_monitor_get_fd(monitor_.get()), headers.data(), batch,
					 MSG_DONTWAIT, nullptr);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) {
			lost_();
			any = true;
			continue;
		}
		if (got <= 0)
			return any;
		any = true;
		for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
			// Nobody but the kernel has port 0.
			if (senders[i].nl_pid != 0)
				continue;
			const auto message =
				parse_uevent({messages_[i].data(), headers[i].msg_len});
			if (message.about == UeventMessage::About::memory_block)
				receive_(message.event);
			else if (message.about == UeventMessage::About::dax && dax_)
				dax_();
			else if (message.about == UeventMessage::About::container && container_)
				container_(message.container);
		}
	}
}

} // namespace memhp
