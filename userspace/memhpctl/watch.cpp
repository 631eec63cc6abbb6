// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/units.h"
#include "memhpctl/event_text.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/kernel/kmod.h"
#include "system/memory/live_memory.h"

namespace memhp
{
namespace
{

/// What has happened, in lines, and on a terminal a summary below them. Ends the loop where nobody
/// reads.
class Stream
{
public:
	Stream(Loop &loop, const Globals &globals, const Sysfs &sysfs)
		: loop_(loop), json_(globals.json), block_size_(sysfs.block_size()),
		  root_(sysfs.root_fd()),
		  summed_up_(terminal_of(STDOUT_FILENO).interactive && !json_)
	{
		struct stat out;
		// A reader that goes while nothing happens is noticed too.
		if (fstat(STDOUT_FILENO, &out) == 0 &&
		    (S_ISFIFO(out.st_mode) || S_ISSOCK(out.st_mode)))
			closed_ = loop_.io(STDOUT_FILENO, 0,
					   [this](uint32_t) { loop_.quit(exit_done); });
	}

	void record(const Record &record)
	{
		++seen_[std::string(record.text("event").value_or("?"))];
		lines_ += json_ ? json_text(event_json(record), -1)
				: event_line(record, Clock::of(root_));
		lines_ += '\n';
	}

	void uevent(const Uevent &event)
	{
		const auto name = to_string(event.action);
		const auto now =
			static_cast<uint64_t>(std::chrono::nanoseconds(Loop::now()).count());
		++seen_[std::string(name)];
		if (json_)
			lines_ +=
				nlohmann::json(
					{{"event", name}, {"block", event.block}, {"boot_ns", now}})
					.dump() +
				'\n';
		else
			lines_ += fmt::format("{} {:<14} block {}\n", Clock::of(root_).text(now),
					      name, event.block);
	}

	void lost()
	{
		lines_ += json_ ? "{\"event\":\"lost\"}\n"
				: "lost some events: the kernel dropped them\n";
	}

	/// Writes what there is.
	void flush(const Presence &presence)
	{
		auto text = std::exchange(lines_, {});
		if (summed_up_) {
			auto line = summary(presence);
			// The window may have another size by now.
			line.resize(std::min(line.size(), terminal_of(STDOUT_FILENO).line - 1));
			text = "\r\033[K" + text + line;
		}
		errno = 0;
		if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
		    std::fflush(stdout) == 0)
			return;
		if (errno != EPIPE)
			print_note(strerror(errno));
		loop_.quit(errno == EPIPE ? exit_done : exit_failed);
	}

	/// The summary stays where it is.
	void end() const
	{
		if (summed_up_)
			std::fputs("\n", stdout);
	}

private:
	std::string summary(const Presence &presence) const
	{
		uint64_t failed = 0;
		std::string seen;
		for (const auto &[event, count] : seen_) {
			if (event.find("_failed") != std::string::npos)
				failed += count;
			else if (event == "online" || event == "offline" || event == "add" ||
				 event == "remove")
				seen += fmt::format(", {} {}", count, event);
		}
		if (failed > 0)
			seen += fmt::format(", {} failed", failed);
		return fmt::format("{} of {} online ({} of {} blocks){}",
				   format_size(presence.online() * block_size_),
				   format_size(presence.present() * block_size_), presence.online(),
				   presence.present(),
				   seen.empty() ? "" : "; seen" + seen.substr(1));
	}

	Loop &loop_;
	const bool json_;
	const uint64_t block_size_;
	const int root_;
	const bool summed_up_;		       ///< there is a terminal with a summary on it
	std::map<std::string, uint64_t> seen_; ///< events by their names
	std::string lines_;
	Loop::Source closed_;
};

/// Takes all records that are there. False when the stream has ended.
bool take_records(int events, Stream &stream)
{
	for (;;) {
		const auto record = Kmod::read_event(events);
		if (!record)
			return false;
		if (!*record)
			return true;
		stream.record(**record);
	}
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

	std::signal(SIGPIPE, SIG_IGN);
	Loop loop;
	const auto on_int = loop.signal(SIGINT, [&] { loop.quit(exit_done); });
	const auto on_term = loop.signal(SIGTERM, [&] { loop.quit(exit_done); });
	Stream stream(loop, globals, *sysfs);

	const auto events = Kmod(sysfs->root_fd()).open_events(Kmod::From::next);
	if (!events)
		print_note(fmt::format("only additions, removals and successes are shown: {}",
				       events.error().message));
	std::unique_ptr<LiveMemory> memory;
	// The module tells more of what these tell too.
	const auto changed = [&](const Uevent &event) {
		if (!events)
			stream.uevent(event);
		if (memory)
			stream.flush(memory->presence());
	};
	const auto lost = [&] {
		if (!events)
			stream.lost();
		if (memory)
			stream.flush(memory->presence());
	};
	auto opened = LiveMemory::open(loop, *sysfs, {changed, lost});
	if (!opened)
		return complain(opened.error());
	memory = std::move(*opened);
	Loop::Source source;
	if (events)
		source = loop.io(events->get(), EPOLLIN, [&](uint32_t) {
			if (!take_records(events->get(), stream))
				loop.quit(exit_failed);
			stream.flush(memory->presence());
		});
	const auto on_resize = loop.signal(SIGWINCH, [&] { stream.flush(memory->presence()); });
	stream.flush(memory->presence());
	const int status = loop.run();
	stream.end();
	return status;
}

} // namespace memhp
