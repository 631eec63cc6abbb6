// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/memory/memory_view.h"
#include "core/offline/retry.h"
#include "system/kernel/uevent.h"
#include "system/memory/sysfs.h"
#include "system/offline/engine.h"

namespace memhp
{

/// The machine's memory as memhpd knows it without a look at all blocks, so that a report costs the
/// same on every machine. Right up to the last event delivered, but for blocks in doubt.
class LiveView
{
public:
	explicit LiveView(const Sysfs &sysfs) : sysfs_(sysfs) {}

	/// All blocks have been read; `now` by CLOCK_BOOTTIME.
	void scanned(const std::vector<Block> &blocks, Time now);
	void on_uevent(const Uevent &event);
	/// The kernel dropped events: nothing is known until all blocks have been read again.
	void on_lost() { verified_.reset(); }
	/// A write of memhpd's has ended.
	void attempted(Change change, const Attempted &attempted);

	/// Looks at blocks in doubt: at all, unless there are very many.
	void look();

	const Tally &tally() const { return view_.tally(); }
	/// Blocks whose zone and node are not known yet.
	uint64_t doubts() const { return view_.doubts(); }
	/// When all blocks were read, by CLOCK_BOOTTIME; nothing where the view is not to be used.
	std::optional<Time> verified() const { return verified_; }

private:
	const Sysfs &sysfs_;
	MemoryView view_;
	std::optional<Time> verified_;
};

} // namespace memhp
