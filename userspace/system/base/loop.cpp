// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/loop.h"

#include <ctime>
#include <system_error>
#include <utility>

#include <signal.h>

#include <systemd/sd-event.h>

namespace memhp
{
namespace
{

int check(int result, const char *what)
{
	if (result < 0)
		throw std::system_error(-result, std::generic_category(), what);
	return result;
}

} // namespace

/// Shared between the Source and a running callback, so that the callback may drop the Source.
struct Loop::Source::State : std::enable_shared_from_this<State> {
	sd_event_source *source = nullptr;
	std::function<void(uint32_t)> callback;

	State() = default;
	State(const State &) = delete;
	State &operator=(const State &) = delete;
	~State() { stop(); }

	void stop() { source = sd_event_source_disable_unref(source); }

	static int on_io(sd_event_source *, int, uint32_t events, void *self)
	{
		return static_cast<State *>(self)->call(events);
	}
	static int on_time(sd_event_source *, uint64_t, void *self)
	{
		return static_cast<State *>(self)->call(0);
	}
	static int on_defer(sd_event_source *, void *self)
	{
		return static_cast<State *>(self)->call(0);
	}
	static int on_signal(sd_event_source *, const signalfd_siginfo *, void *self)
	{
		return static_cast<State *>(self)->call(0);
	}

	int call(uint32_t events)
	{
		const auto keep = shared_from_this();
		callback(events);
		return 0;
	}
};

Loop::Source &Loop::Source::operator=(Source &&other) noexcept
{
	if (this != &other) {
		reset();
		state_ = std::move(other.state_);
	}
	return *this;
}

void Loop::Source::reset()
{
	// Not by dropping the state: a running callback keeps that, and by the time it returns the
	// descriptor's number may belong to a new source.
	if (state_)
		state_->stop();
	state_.reset();
}

Loop::Loop() { check(sd_event_new(&event_), "event loop"); }

Loop::~Loop() { sd_event_unref(event_); }

Loop::Source Loop::io(int fd, uint32_t events, std::function<void(uint32_t)> callback)
{
	auto state = std::make_shared<Source::State>();
	state->callback = std::move(callback);
	check(sd_event_add_io(event_, &state->source, fd, events, Source::State::on_io,
			      state.get()),
	      "watching a descriptor");
	return Source(std::move(state));
}

Loop::Source Loop::timer(Time at, std::function<void()> callback)
{
	auto state = std::make_shared<Source::State>();
	state->callback = [callback = std::move(callback)](uint32_t) { callback(); };
	const auto us = std::chrono::duration_cast<std::chrono::microseconds>(at).count();
	check(sd_event_add_time(event_, &state->source, CLOCK_BOOTTIME,
				us > 0 ? static_cast<uint64_t>(us) : 0, 1000,
				Source::State::on_time, state.get()),
	      "setting a timer");
	return Source(std::move(state));
}

Loop::Source Loop::defer(std::function<void()> callback)
{
	auto state = std::make_shared<Source::State>();
	state->callback = [callback = std::move(callback)](uint32_t) { callback(); };
	check(sd_event_add_defer(event_, &state->source, Source::State::on_defer, state.get()),
	      "deferring a call");
	sd_event_source_set_priority(state->source, SD_EVENT_PRIORITY_IDLE);
	return Source(std::move(state));
}

Loop::Source Loop::signal(int signal, std::function<void()> callback)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, signal);
	sigprocmask(SIG_BLOCK, &mask, nullptr);

	auto state = std::make_shared<Source::State>();
	state->callback = [callback = std::move(callback)](uint32_t) { callback(); };
	check(sd_event_add_signal(event_, &state->source, signal, Source::State::on_signal,
				  state.get()),
	      "watching a signal");
	return Source(std::move(state));
}

int Loop::run() { return check(sd_event_loop(event_), "event loop"); }

void Loop::quit(int code) { sd_event_exit(event_, code); }

void Loop::enable_watchdog() { check(sd_event_set_watchdog(event_, 1), "watchdog"); }

Time Loop::now()
{
	timespec now{};
	clock_gettime(CLOCK_BOOTTIME, &now);
	return std::chrono::seconds(now.tv_sec) +
	       std::chrono::duration_cast<Time>(std::chrono::nanoseconds(now.tv_nsec));
}

} // namespace memhp
