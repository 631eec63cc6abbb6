// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/units.h"
#include "core/kernel/event.h"

namespace memhp
{

/// An attempt of the kernel itself to take a block offline, in one of its workers.
struct KernelAttempt {
	uint64_t block = 0;
	Time since{}; ///< CLOCK_BOOTTIME
	int pid = 0;
	std::string comm;
	std::string work; ///< its work function, such as acpi_hotplug_work_fn

	/// True where the firmware asked: an unplug of an ACPI device. virtio-mem, balloons and dax
	/// have works of their own, and know what to do about a failure.
	bool firmware() const;
};

/// What of the module's `status` changes whenever there is a record of an attempt to take a block
/// offline: only those are of interest here, and a burst of onlines leaves a thousand others.
struct OfflineMarks {
	uint64_t loaded_ns; ///< the module was loaded at this time
	uint64_t attempts;  ///< records of attempts that began or failed
	bool operator==(const OfflineMarks &) const = default;
};

/// Nothing where the module does not tell.
std::optional<OfflineMarks> offline_marks(const Record &status);

/// Follows the module's records: what the kernel's own workers do, and what they give up.
class KernelAttempts
{
public:
	/// Takes in the next record. Gives the block of an unplug by the firmware that has just
	/// failed on it; each try of one unplug tells.
	std::optional<uint64_t> feed(const Record &record);

	/// The attempt that runs now.
	const std::optional<KernelAttempt> &running() const { return running_; }

	/// The module is gone: nothing is known any more.
	void forget() { running_.reset(); }

private:
	std::optional<KernelAttempt> running_;
};

/// What to do about an attempt that does not end: a held page lets it loop for ever, with the
/// hotplug lock held. Asked now and then.
class StuckWatch
{
public:
	struct Step {
		bool report = false; ///< it has run for the deadline: once an attempt
		bool signal = false; ///< SIGTERM ends it: once an attempt
		bool over = false;   ///< one that was reported has ended
	};

	/// `deadline` is a span. `abortable`: the module lets a signal end an unplug by the
	/// firmware.
	Step look(const std::optional<KernelAttempt> &running, Time now, Time deadline,
		  bool abortable);

	/// The attempt that was reported and still runs.
	const std::optional<KernelAttempt> &stuck() const { return stuck_; }

private:
	std::optional<KernelAttempt> stuck_;
};

} // namespace memhp
