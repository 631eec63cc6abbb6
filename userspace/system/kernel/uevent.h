// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "core/base/result.h"
#include "system/base/loop.h"

struct udev;
struct udev_monitor;

namespace memhp
{

/// A kernel uevent of a memory block.
struct Uevent {
	enum class Action { add, remove, online, offline, other };
	Action action = Action::other;
	uint64_t block = 0;
};

/// "add", "remove", "online", "offline"; "change" for any other.
std::string_view to_string(Uevent::Action action);

/// What a message of the kernel is about.
struct UeventMessage {
	/// container: the firmware asks for one, see system/offline/container.h.
	enum class About { memory_block, dax, container, other };
	About about = About::other;
	Uevent event;	       ///< of a memory block
	std::string container; ///< its name
};

/// Reads a message as the kernel broadcasts it: "add@/devices/system/memory/memory32", then
/// variables, each ended by a NUL (lib/kobject_uevent.c). What is no such message is about
/// something else.
UeventMessage parse_uevent(std::string_view message);

/// Room for the events of some 100000 blocks: the kernel drops what does not fit.
constexpr int default_receive_buffer = 128 << 20;

/// Bytes for the monitor's receive buffer: what `given` says ("4K", at most 1 GiB; the kernel has a
/// least size of its own), the default where it is empty. Fails on anything else.
Result<int> choose_receive_buffer(std::string_view given);

/// Uevents of memory blocks straight from the kernel, not after udevd's rules.
///
/// The first of a burst is delivered at once, then whatever has come at intervals: a wakeup for
/// each would cost more than all that follows from it, and just while memory is being onlined.
/// libudev opens the monitor, but the messages are read here, many with one call: it would make a
/// device with all its properties of each, of which nothing is needed but what the first line says.
class UeventMonitor
{
public:
	/// `receive` is called for each event; `lost` when the kernel dropped some (ENOBUFS): the
	/// listener has to scan. `dax`, where given, is called for each event of a dax device,
	/// `container` with the name of each container that the firmware asks for.
	/// `buffer` is the socket's receive buffer in bytes, beyond the system's limit where the
	/// caller has CAP_NET_ADMIN.
	static Result<std::unique_ptr<UeventMonitor>>
	open(Loop &loop, int buffer, std::function<void(const Uevent &)> receive,
	     std::function<void()> lost, std::function<void()> dax = nullptr,
	     std::function<void(const std::string &)> container = nullptr);

	/// Delivers all events that the kernel has sent so far, now; false where there was none.
	bool drain();

	/// The interval; 50 ms where nothing else is said.
	void set_interval(Time interval) { interval_ = interval; }

private:
	explicit UeventMonitor(Loop &loop) : loop_(loop) {}
	/// Waits for the first of a burst.
	void listen();
	/// And then for more of it.
	void wait();

	/// The kernel builds a message in 2 KiB (UEVENT_BUFFER_SIZE), and a line before it.
	static constexpr size_t message_size = 4096;
	static constexpr size_t batch = 16;

	struct UdevUnref {
		void operator()(udev *) const;
		void operator()(udev_monitor *) const;
	};

	Loop &loop_;
	Time interval_ = std::chrono::milliseconds(50);
	std::unique_ptr<udev, UdevUnref> udev_;
	std::unique_ptr<udev_monitor, UdevUnref> monitor_;
	std::array<std::array<char, message_size>, batch> messages_;
	std::function<void(const Uevent &)> receive_;
	std::function<void()> lost_;
	std::function<void()> dax_;
	std::function<void(const std::string &)> container_;
	Loop::Source source_;
};

} // namespace memhp
