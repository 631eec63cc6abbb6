// SPDX-License-Identifier: GPL-2.0-only
#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/units.h"
#include "core/online/settle.h"
#include "memhpctl/collected.h"
#include "memhpctl/json_text.h"
#include "memhpctl/verbs.h"
#include "system/memory/live_memory.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// True where memhpd is about to change memory, or in the middle of it.
bool daemon_is_busy(const Globals &globals)
{
	const auto answer = ask_memhpd(globals, "io.memhp.Status", collected_status);
	if (!answer)
		return false; // nobody there, or nobody who tells
	const auto status = answer->value("status", json::object());
	const auto some = [&](const char *list) {
		return !status.value(list, json::array()).empty();
	};
	return status.value("pending_online", 0) > 0 || status.value("moving", 0) > 0 ||
	       !status.value("running_block", json()).is_null() || some("requests") ||
	       some("unplugs");
}

/// Waits in a loop until what is asked for holds, or the time is over.
class Waiter
{
public:
	Waiter(Loop &loop, const Globals &globals, const Sysfs &sysfs, const WaitOptions &options)
		: loop_(loop), globals_(globals), sysfs_(sysfs), options_(options)
	{
	}

	Result<void> begin()
	{
		auto opened = LiveMemory::open(
			loop_, sysfs_,
			{[this](const Uevent &) { stirred(); }, [this] { stirred(); }});
		if (!opened)
			return fail(opened.error());
		memory_ = std::move(*opened);
		if (options_.timeout)
			end_ = loop_.timer(Loop::now() + *options_.timeout,
					   [this] { loop_.quit(exit_failed); });
		stirred();
		return {};
	}

	const Presence &presence() const { return memory_->presence(); }

private:
	void stirred()
	{
		if (!memory_)
			return; // begin() comes back to it
		if (options_.online &&
		    memory_->presence().online() * sysfs_.block_size() >= *options_.online)
			loop_.quit(exit_done);
		if (options_.settled)
			look_in(Settle::quiet);
	}
	void look_in(Time span)
	{
		quiet_ = loop_.timer(Loop::now() + span, [this] {
			if (daemon_is_busy(globals_))
				look_in(std::chrono::seconds(1));
			else
				loop_.quit(exit_done);
		});
	}

	Loop &loop_;
	const Globals &globals_;
	const Sysfs &sysfs_;
	const WaitOptions &options_;
	std::unique_ptr<LiveMemory> memory_;
	Loop::Source end_;
	Loop::Source quiet_;
};

} // namespace

int verb_wait(const Globals &globals, const WaitOptions &options)
{
	if (options.online.has_value() == options.settled)
		return complain({{}, "wait takes either --online SIZE or --settled"}, exit_usage);
	if (!globals.live())
		return complain({{}, "--sysroot names a recorded tree, in which nothing happens"},
				exit_usage);
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	Loop loop;
	constexpr int by_signal = 128 + SIGINT;
	const auto on_int = loop.signal(SIGINT, [&] { loop.quit(by_signal); });
	const auto on_term = loop.signal(SIGTERM, [&] { loop.quit(by_signal); });
	Waiter waiter(loop, globals, *sysfs, options);
	const auto begun = Loop::now();
	if (const auto started = waiter.begin(); !started)
		return complain(started.error());
	const int status = loop.run();
	const auto online = waiter.presence().online() * sysfs->block_size();
	const auto waited = Loop::now() - begun;
	if (globals.json)
		fmt::print("{}\n", json_text({{"done", status == exit_done},
					      {"online", online},
					      {"blocks_online", waiter.presence().online()},
					      {"waited_ms", waited.count()}}));
	if (status == exit_failed)
		return complain(
			{{},
			 fmt::format("not {} within {}: {} online",
				     options.settled ? "settled" : format_size(*options.online),
				     format_duration(*options.timeout), format_size(online))});
	return status;
}

} // namespace memhp
