// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/kernel_attempt.h"

#include <chrono>

namespace memhp
{

bool KernelAttempt::firmware() const { return work == "acpi_hotplug_work_fn"; }

std::optional<OfflineMarks> offline_marks(const Record &status)
{
	const auto loaded = status.number("loaded_ns");
	const auto going = status.number("events_going_offline");
	const auto cancelled = status.number("events_cancel_offline");
	const auto failed = status.number("events_offline_failed");
	if (!loaded || !going || !cancelled || !failed)
		return std::nullopt;
	return OfflineMarks{*loaded, *going + *cancelled + *failed};
}

std::optional<uint64_t> KernelAttempts::feed(const Record &record)
{
	const auto event = record.text("event").value_or("");
	const auto block = record.number("block");
	const auto work = record.text("work");
	if (event == "going_offline" && block && work) {
		KernelAttempt attempt;
		attempt.block = *block;
		attempt.since = std::chrono::duration_cast<Time>(
			std::chrono::nanoseconds(record.number("boot_ns").value_or(0)));
		attempt.pid = static_cast<int>(record.number("pid").value_or(0));
		attempt.comm = record.text("comm").value_or("");
		attempt.work = *work;
		running_ = std::move(attempt);
		return std::nullopt;
	}
	// One attempt runs at a time, so any other record of a block is the end of this one.
	if (block)
		running_.reset();
	// Without probes there is no offline_failed, and with them not always a cancel_offline.
	const bool failed = event == "offline_failed" || event == "cancel_offline";
	return failed && work == "acpi_hotplug_work_fn" ? block : std::nullopt;
}

StuckWatch::Step StuckWatch::look(const std::optional<KernelAttempt> &running, Time now,
				  Time deadline, bool abortable)
{
	Step step;
	const bool same = stuck_ && running && stuck_->block == running->block &&
			  stuck_->since == running->since;
	if (same)
		return step;
	step.over = stuck_.has_value();
	stuck_.reset();
	if (running && now - running->since >= deadline) {
		stuck_ = running;
		step.report = true;
		step.signal = abortable && running->firmware() && running->pid > 1;
	}
	return step;
}

} // namespace memhp
