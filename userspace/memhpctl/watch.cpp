// SPDX-License-Identifier: GPL-2.0-only
#include <csignal>
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/epoll.h>

#include "memhpctl/clock.h"
#include "memhpctl/event_text.h"
#include "memhpctl/verbs.h"
#include "system/kmod.h"
#include "system/loop.h"
#include "system/sysfs.h"
#include "system/uevent.h"

namespace memhp
{
namespace
{

std::string_view action_name(Uevent::Action action)
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

uint64_t boot_ns() { return static_cast<uint64_t>(std::chrono::nanoseconds(Loop::now()).count()); }

void print_uevent(const Uevent &event, const Clock &clock, bool as_json)
{
	const auto now = boot_ns();
	if (as_json)
		fmt::print("{}\n", nlohmann::json({{"event", action_name(event.action)},
						   {"block", event.block},
						   {"boot_ns", now}})
					   .dump());
	else
		fmt::print("{} {:<14} block {}\n", clock.text(now), action_name(event.action),
			   event.block);
	std::fflush(stdout);
}

void print_lost(bool as_json)
{
	fmt::print("{}\n",
		   as_json ? R"({"event":"lost"})" : "lost some events: the kernel dropped them");
	std::fflush(stdout);
}

/// Prints all records that are there. False when the stream has ended.
bool print_records(int events, const Clock &clock, bool as_json)
{
	for (;;) {
		const auto record = Kmod::read_event(events);
		if (!record)
			return false;
		if (!*record)
			break;
		fmt::print("{}\n",
			   as_json ? event_json(**record).dump() : event_line(**record, clock));
	}
	std::fflush(stdout);
	return true;
}

} // namespace

int verb_watch(const Globals &globals)
{
	if (!globals.live())
		return complain({{}, "--sysroot names a recorded tree, in which nothing happens"},
				exit_usage);
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());

	const auto root = sysfs->root_fd();
	Loop loop;
	const auto on_int = loop.signal(SIGINT, [&] { loop.quit(exit_done); });
	const auto on_term = loop.signal(SIGTERM, [&] { loop.quit(exit_done); });

	const Kmod kmod(sysfs->root_fd());
	const auto events = kmod.open_events(Kmod::From::next);
	Loop::Source source;
	std::unique_ptr<UeventMonitor> monitor;
	if (events) {
		source = loop.io(events->get(), EPOLLIN, [&](uint32_t) {
			if (!print_records(events->get(), Clock::of(root), globals.json))
				loop.quit(exit_failed);
		});
	} else {
		fmt::print(stderr,
			   "memhpctl: only additions, removals and successes are shown: {}\n",
			   events.error().message);
		auto opened = UeventMonitor::open(
			loop, 1 << 20,
			[&](const Uevent &event) {
				print_uevent(event, Clock::of(root), globals.json);
			},
			[&] { print_lost(globals.json); });
		if (!opened)
			return complain(opened.error());
		monitor = std::move(*opened);
	}
	return loop.run();
}

} // namespace memhp
