// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/kernel_watch.h"

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "system/base/log.h"

namespace memhp
{
namespace
{

constexpr auto kernel_log = "dev/kmsg";
/// The module wakes nobody who does not keep its file open, and that would pin it.
constexpr Time interval = std::chrono::seconds(1);
/// So many records are read rather than asked after.
constexpr uint64_t few = 16;
/// What a search for owners may cost altogether; it is done while nothing else is to do.
constexpr Time owners_patience = std::chrono::seconds(5);

} // namespace

KernelWatch::KernelWatch(Loop &loop, int root_fd, const Kmod &kmod, const ConfigFile &config,
			 std::function<void(uint64_t)> failed)
	: loop_(loop), root_fd_(root_fd), kmod_(kmod), config_(config), failed_(std::move(failed))
{
}

void KernelWatch::start()
{
	auto log =
		KernelLog::open(loop_, root_fd_, kernel_log, [this](const KernelMessage &message) {
			if (const auto block = failed_unplug(message))
				failed_(*block);
		});
	if (log)
		log_.emplace(std::move(*log));
	else
		log::warning(
			"without the module no unplug that the kernel gives up will be noticed: "
			"{}",
			log.error().message);
	read_module();
	wait();
}

void KernelWatch::wait()
{
	timer_ = loop_.timer(Loop::now() + interval, [this] {
		read_module();
		look();
		wait();
	});
}

void KernelWatch::drain()
{
	if (log_)
		log_->drain();
	read_module();
}

void KernelWatch::read_module()
{
	// What was before the first look is over, or is told by the records that end it.
	const bool first = !next_;
	const auto end = kmod_.end_of_events();
	if (!first && end && *end == *next_)
		return;
	if (first || (end && *end > *next_ + few)) {
		// What is before that end is counted by now.
		const auto status = kmod_.status();
		const auto before = marks_;
		marks_ = status ? offline_marks(*status) : std::nullopt;
		if (!first && marks_ && marks_ == before && !attempts_.running()) {
			next_ = *end;
			return;
		}
	}
	const auto read = kmod_.read_events(next_, [&](const Record &record) {
		const auto block = attempts_.feed(record);
		if (block && !first)
			failed_(*block);
	});
	if (!read)
		attempts_.forget();
}

void KernelWatch::look()
{
	const auto deadline = config_.config().offline.attempt_deadline;
	const auto now = Loop::now();
	const auto &running = attempts_.running();
	bool abortable = false;
	if (running && now - running->since >= deadline) {
		const auto status = kmod_.status();
		abortable = status && status->number("abortable") == 1u;
	}
	const auto step = watch_.look(running, now, deadline, abortable);
	if (step.over) {
		log::info("block {}: the kernel's attempt to take it offline has ended",
			  stuck_->attempt.block);
		stuck_.reset();
		search_.reset();
		search_source_.reset();
	}
	if (step.report)
		report(step.signal);
}

void KernelWatch::report(bool signal)
{
	++count_;
	stuck_.emplace(Stuck{*watch_.stuck(), "", {}, {}, false});
	const auto &attempt = stuck_->attempt;
	if (const auto pages = kmod_.pages(attempt.block)) {
		stuck_->held = pages->text("held_first").value_or("");
		stuck_->pages = parse_held(*pages);
	}
	log::warning(
		"block {}: a kernel worker ({}, pid {}, {}) has been trying to take it offline "
		"for {} and holds the hotplug lock; {}",
		attempt.block, attempt.comm, attempt.pid, attempt.work,
		format_duration(Loop::now() - attempt.since),
		stuck_->held.empty()
			? "what holds its pages is not known"
			: "held pages (pfn:kind:references:accounted): " + stuck_->held);
	look_for_owners();
	if (!signal) {
		if (attempt.firmware())
			log::warning("block {}: nothing but the end of what holds its pages ends "
				     "this; the module's parameter abortable=1 would let memhpd",
				     attempt.block);
		return;
	}
	// The pid is still that of the worker: it is the module that says so, and that only lets
	// this work take the signal. All others ignore it.
	if (kill(attempt.pid, SIGTERM) < 0) {
		log::warning("block {}: pid {}: {}", attempt.block, attempt.pid,
			     std::generic_category().message(errno));
		return;
	}
	stuck_->signalled = true;
	log::info("block {}: SIGTERM to pid {}", attempt.block, attempt.pid);
}

void KernelWatch::look_for_owners()
{
	if (stuck_->pages.empty())
		return;
	complete(root_fd_, stuck_->pages);
	search_.emplace(root_fd_, std::vector<Span>(), stuck_->pages, owners_patience);
	search_owners();
}

void KernelWatch::search_owners()
{
	search_source_ = loop_.defer([this] {
		if (search_->step())
			search_owners();
		else
			report_owners();
	});
}

void KernelWatch::report_owners()
{
	auto &owners = stuck_->owners.emplace(search_->take());
	search_.reset();
	owners.cgroups = find_cgroups(root_fd_, {}, stuck_->pages);
	for (const auto &page : stuck_->pages) {
		const auto *group = cgroup_of(page, owners);
		log::warning("block {}: page {:#x}: {}{}", stuck_->attempt.block, page.pfn,
			     describe(page, owners), group ? "; charged to " + group->path : "");
	}
}

} // namespace memhp
