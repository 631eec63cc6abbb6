// SPDX-License-Identifier: GPL-2.0-only
#include "system/uevent.h"

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <libudev.h>
#include <sys/epoll.h>

#include <fmt/format.h>

#include "core/units.h"
#include "system/log.h"

namespace memhp
{
namespace
{

constexpr Time interval = std::chrono::milliseconds(50);

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

bool asks_for_container(std::string_view subsystem, std::string_view action, std::string_view event)
{
	return subsystem == "container" && action == "change" && event == "offline";
}

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
	int error = udev_monitor_filter_add_match_subsystem_devtype(monitor, "memory", nullptr);
	if (error >= 0 && self->dax_)
		error = udev_monitor_filter_add_match_subsystem_devtype(monitor, "dax", nullptr);
	if (error >= 0 && self->container_)
		error = udev_monitor_filter_add_match_subsystem_devtype(monitor, "container",
									nullptr);
	if (error >= 0)
		error = udev_monitor_enable_receiving(monitor);
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
		source_ = loop_.timer(Loop::now() + interval, [this] {
			drain();
			listen();
		});
		drain();
	});
}

void UeventMonitor::drain()
{
	for (;;) {
		errno = 0;
		auto *device = udev_monitor_receive_device(monitor_.get());
		if (!device && errno == ENOBUFS) {
			lost_();
			continue;
		}
		if (!device)
			return;
		const auto view = [](const char *text) {
			return std::string_view(text ? text : "");
		};
		Uevent event;
		const auto subsystem = view(udev_device_get_subsystem(device));
		const auto action = view(udev_device_get_action(device));
		event.action = parse_action(action);
		const auto number = view(udev_device_get_sysnum(device));
		const bool dax = subsystem == "dax";
		const bool block = subsystem == "memory" && parse_number(number, 10, event.block);
		std::string container;
		if (asks_for_container(subsystem, action,
				       view(udev_device_get_property_value(device, "EVENT"))))
			container = view(udev_device_get_sysname(device));
		udev_device_unref(device);
		if (!container.empty())
			container_(container);
		else if (dax)
			dax_();
		else if (block)
			receive_(event);
	}
}

} // namespace memhp
