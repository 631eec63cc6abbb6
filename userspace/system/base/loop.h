// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/units.h"

struct sd_event;
struct sd_event_source;

namespace memhp
{

/// The event loop: sd-event with callbacks. One thread; nothing here may be called from a signal
/// handler or another thread.
class Loop
{
public:
	/// A registered callback. Destroying it unregisters at once; it may be destroyed inside its
	/// own callback, and its descriptor closed after that. Must not outlive the loop.
	class Source
	{
	public:
		Source() = default;
		Source(Source &&other) noexcept = default;
		Source &operator=(Source &&other) noexcept;
		~Source() { reset(); }
		explicit operator bool() const { return state_ != nullptr; }
		void reset();

	private:
		friend class Loop;
		struct State;
		explicit Source(std::shared_ptr<State> state) : state_(std::move(state)) {}
		std::shared_ptr<State> state_;
	};

	/// Throws std::system_error when the kernel gives no epoll or timer descriptor.
	Loop();
	~Loop();
	Loop(const Loop &) = delete;
	Loop &operator=(const Loop &) = delete;

	/// Calls `callback` with the epoll events that came, as long as they hold.
	Source io(int fd, uint32_t events, std::function<void(uint32_t)> callback);
	/// Calls once, at the point in time `at`.
	Source timer(Time at, std::function<void()> callback);
	/// Calls once, when no other event is waiting.
	Source defer(std::function<void()> callback);
	/// Calls at each signal; blocks its normal delivery from now on.
	Source signal(int signal, std::function<void()> callback);

	/// Runs until quit(); returns its code. Throws std::system_error when epoll itself fails.
	int run();
	void quit(int code);

	/// Makes sd-event answer systemd's watchdog, where the unit asks for one.
	void enable_watchdog();

	/// CLOCK_BOOTTIME now.
	static Time now();

private:
	sd_event *event_ = nullptr;
};

} // namespace memhp
