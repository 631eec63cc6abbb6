// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/event_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/memory/block.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// As many as the module's ring has, unless it was told otherwise; some 2 MiB of text.
constexpr size_t capacity = 8192;
/// The module wakes nobody who does not keep its file open, and that would pin it.
constexpr Time interval = std::chrono::seconds(1);

constexpr std::array<std::string_view, 9> numbers = {"boot_ns", "block", "seq", "size", "nid",
						     "dur_us",	"err",	 "pid", "count"};
constexpr std::array<std::string_view, 7> words = {"event", "addr", "zone", "node_change",
						   "stage", "comm", "work"};

/// The module's clock: what it records is sorted among the rest.
uint64_t boot_ns()
{
	timespec now{};
	clock_gettime(CLOCK_BOOTTIME, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 +
	       static_cast<uint64_t>(now.tv_nsec);
}

json event_now(std::string_view name) { return {{"event", name}, {"boot_ns", boot_ns()}}; }

/// Known to the module too.
bool is_recorded(Uevent::Action action)
{
	return action == Uevent::Action::online || action == Uevent::Action::offline;
}

} // namespace

json event_of(const Record &record)
{
	json event = json::object();
	for (const auto key : numbers)
		if (const auto number = record.number(key))
			event[std::string(key)] = *number;
	for (const auto key : words)
		if (const auto word = record.text(key))
			event[std::string(key)] = *word;
	return event;
}

EventStream::EventStream(Loop &loop, const Kmod &kmod, bool announced)
	: loop_(loop), kmod_(kmod), announced_(announced), backlog_(capacity)
{
}

void EventStream::follow(const std::shared_ptr<varlink::Call> &call)
{
	if (followers_.empty()) {
		// What was before is history.
		const auto status = kmod_.status();
		source_ = status ? Source::module : Source::uevents;
		next_.reset();
		if (status)
			next_ = status->number("seq").value_or(0) + 1;
		wait();
	} else {
		drain();
	}
	const auto follower = followers_.insert(followers_.end(), {call, backlog_.end()});
	call->on_taken([this, follower] { tell(*follower); });
	call->on_gone([this, follower] {
		followers_.erase(follower);
		if (followers_.empty()) {
			timer_.reset();
			soon_.reset();
			backlog_.clear();
			batch_.clear();
		}
	});
	call->progress({{"event", source_event()}});
}

void EventStream::on_uevent(const Uevent &event)
{
	if (followers_.empty() || event.action == Uevent::Action::other)
		return;
	drain_soon();
	if (is_recorded(event.action) && has_module())
		return;
	auto announced = event_now(to_string(event.action));
	announced["block"] = event.block;
	push(announced);
}

void EventStream::on_lost()
{
	if (followers_.empty())
		return;
	push(event_now("lost"));
	drain_soon();
}

void EventStream::attempted(Change change, const Attempted &attempted)
{
	if (followers_.empty())
		return;
	drain_soon();
	const auto &outcome = attempted.outcome;
	if (has_module() || (outcome.reached && announced_))
		return;
	auto event = event_now(to_string(change));
	event["block"] = attempted.block;
	if (attempted.zone != Zone::none)
		event["zone"] = to_string(attempted.zone);
	if (!outcome.reached) {
		event["event"] = std::string(to_string(change)) + "_failed";
		event["err"] = outcome.killed ? EINTR : outcome.error;
	}
	push(event);
}

void EventStream::push(const json &event)
{
	const auto at = event.value("boot_ns", batch_.empty() ? uint64_t{0} : batch_.back().first);
	batch_.emplace_back(at, event.dump(-1, ' ', false, json::error_handler_t::replace));
	if (batch_.size() >= capacity)
		flush();
}

/// The kernel announces what the module may have recorded long since.
void EventStream::flush()
{
	std::stable_sort(batch_.begin(), batch_.end(),
			 [](const auto &a, const auto &b) { return a.first < b.first; });
	for (auto &[at, event] : batch_)
		backlog_.push(std::move(event));
	batch_.clear();
}

void EventStream::drain_soon()
{
	if (!soon_)
		soon_ = loop_.timer(Loop::now(), [this] {
			soon_.reset();
			drain();
		});
}

void EventStream::wait()
{
	timer_ = loop_.timer(Loop::now() + interval, [this] {
		wait();
		drain();
	});
}

void EventStream::drain()
{
	const auto before = source_;
	const auto read =
		kmod_.read_events(next_, [this](const Record &record) { push(event_of(record)); });
	source_ = read ? Source::module : Source::uevents;
	flush();
	if (source_ != before) {
		push(source_event());
		flush();
	}
	for (auto &follower : followers_)
		tell(follower);
}

json EventStream::source_event() const
{
	auto event = event_now("source");
	event["source"] = has_module() ? "module" : "uevents";
	return event;
}

void EventStream::tell(Follower &follower)
{
	while (follower.call->taken()) {
		const auto next = backlog_.next(follower.at);
		if (!next)
			return;
		json event = next->entry ? json::parse(*next->entry) : event_now("lost");
		if (!next->entry)
			event["count"] = next->missed;
		follower.call->progress({{"event", std::move(event)}});
	}
}

} // namespace memhp
