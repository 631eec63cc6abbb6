// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/kernel/kernel_attempt.h"
#include "memhpd/config_file.h"
#include "system/base/loop.h"
#include "system/explain/owners.h"
#include "system/kernel/kernel_log.h"
#include "system/kernel/kmod.h"

namespace memhp
{

/// What the kernel does by itself: unplugs that it gives up, told by its log and by the module, and
/// attempts in its workers that do not end, told by the module.
class KernelWatch
{
public:
	/// An attempt that does not end.
	struct Stuck {
		KernelAttempt attempt;
		std::string held; ///< the pages that hold it, as the module lists them; or empty
		std::vector<HeldPage> pages;  ///< the same
		std::optional<Owners> owners; ///< of these, once they have been looked for
		bool signalled = false;
	};

	/// `failed` gets the block on which an unplug by the firmware has failed, possibly several
	/// times.
	KernelWatch(Loop &loop, int root_fd, const Kmod &kmod, const ConfigFile &config,
		    std::function<void(uint64_t)> failed);

	/// From now on, and not what was before.
	void start();

	/// Reads all that has been told so far.
	void drain();

	const std::optional<Stuck> &stuck() const { return stuck_; }
	uint64_t count() const { return count_; } ///< how many were found stuck

private:
	void read_module();
	void look();
	void report(bool signal);
	void look_for_owners();
	void search_owners();
	void report_owners();
	void wait();

	Loop &loop_;
	int root_fd_;
	const Kmod &kmod_;
	const ConfigFile &config_;
	std::function<void(uint64_t)> failed_;
	std::optional<KernelLog> log_;
	std::optional<uint64_t> next_;	    ///< the first record of the module that was not read
	std::optional<OfflineMarks> marks_; ///< what is counted before next_, or less
	KernelAttempts attempts_;
	StuckWatch watch_;
	std::optional<Stuck> stuck_;
	std::optional<OwnerSearch> search_; ///< for those of the stuck one
	uint64_t count_ = 0;
	Loop::Source timer_;
	Loop::Source search_source_;
};

} // namespace memhp
