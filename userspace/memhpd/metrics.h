// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>

#include "core/show/metrics.h"
#include "memhpd/config_file.h"
#include "memhpd/kernel_watch.h"
#include "memhpd/live_view.h"
#include "memhpd/onliner.h"
#include "memhpd/settled.h"
#include "memhpd/unplugger.h"
#include "system/kernel/kmod.h"
#include "system/offline/engine.h"
#include "system/offline/writer.h"

namespace memhp
{

/// Counts what memhpd does, and keeps the file for the node exporter up to date: written anew after
/// changes, at most every 15 s and at least every minute, as a whole, readable for all; removed
/// at the end, for old numbers are no numbers.
class Metrics
{
public:
	struct Parts {
		Loop &loop;
		const Sysfs &sysfs;
		const Kmod &kmod;
		const ConfigFile &config;
		const Writer &writer;
		const Engine &engine;
		const Onliner &onliner;
		const SettledHooks &settled;
		const Unplugger &unplugger;
		const KernelWatch &kernel_watch;
		LiveView &view;
		std::function<void()> drain; ///< deliver all uevents sent so far
	};

	explicit Metrics(Parts parts);

	/// Takes the configuration in force, at the start and after a reload.
	void configure();
	/// Removes the file.
	void stop();

	/// A write to a memory block has ended.
	void count(Change change, const Attempted &attempted);
	/// Something that shows in the metrics has changed.
	void changed();

	/// All metrics as they are now, in the Prometheus text format. All blocks are read only
	/// where the view is not to be used; fails where that fails.
	Result<std::string> text() const;

	/// Why the file is not as it should be; empty where it is, or is not wanted.
	const std::string &problem() const { return problem_; }

	/// Writes the file, due or not.
	void write();

private:
	void arm();
	void remove();

	Parts parts_;
	uint64_t start_time_;
	AttemptCounts attempts_;
	std::string file_;  ///< empty: none
	bool ours_ = false; ///< the file was written by this memhpd
	std::string problem_;
	Refresh refresh_;
	Loop::Source timer_;
};

} // namespace memhp
