// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/online/mode.h"
#include "memhpd/config_file.h"
#include "memhpd/control.h"
#include "memhpd/event_stream.h"
#include "memhpd/kernel_settings.h"
#include "memhpd/kernel_watch.h"
#include "memhpd/live_view.h"
#include "memhpd/metrics.h"
#include "memhpd/onliner.h"
#include "memhpd/requests.h"
#include "memhpd/settled.h"
#include "memhpd/state.h"
#include "memhpd/unplugger.h"
#include "system/base/file_watch.h"
#include "system/base/loop.h"
#include "system/kernel/kmod.h"
#include "system/kernel/uevent.h"
#include "system/memory/sysfs.h"
#include "system/offline/engine.h"
#include "system/offline/writer.h"

namespace memhp
{

struct Options {
	std::string config = default_config_path;
	bool config_given = false; ///< a config that was named must exist
	std::string sysroot = "/";
	bool restore = false; ///< hand back what another one left behind, and nothing else
};

/// memhpd. The members are the architecture, in the order in which they come up.
class Daemon
{
public:
	/// Throws std::system_error when something that it cannot do without is missing.
	Daemon(ConfigFile config, Sysfs sysfs, bool live, const std::string &sysroot);
	~Daemon();

	/// Runs until SIGTERM or SIGINT; returns the exit status.
	int run();

private:
	/// Reads the configuration again. False when it is bad, and nothing has changed.
	bool reload();
	/// Chooses the mode by what is here now, and looks after the kernel's settings.
	void look_around();
	void watch_settings();
	/// How the kernel's own onlining stands to the bounds of the ratio.
	KernelSide kernel_side() const;
	void set_limits();
	void save();
	void stop();
	void finish_stop();

	ConfigFile config_;
	Sysfs sysfs_;
	bool live_; ///< the running machine, not a recorded tree
	std::string runtime_dir_;
	Fd state_dir_;
	SavedState saved_;	   ///< of the memhpd before, until the onliner has it
	bool found_state_ = false; ///< there was one
	Loop loop_;
	Loop::Source on_term_;
	Loop::Source on_int_;
	Loop::Source on_hup_;
	Loop::Source on_usr1_;
	Kmod kmod_;
	Writer writer_;
	Engine engine_;
	KernelSettings settings_;
	ModeChoice mode_;
	LiveView view_;
	Onliner onliner_;
	Requests requests_;
	Unplugger unplugger_;
	KernelWatch kernel_watch_;
	SettledHooks settled_;
	Metrics metrics_;
	EventStream events_;
	std::optional<FileWatch> settings_watch_;
	std::unique_ptr<UeventMonitor> monitor_;
	std::unique_ptr<Control> control_;
	Loop::Source save_source_;
	Loop::Source stop_source_;
	Time stop_by_{};
	Time save_took_{};
	bool save_failed_ = false;
	bool started_ = false; ///< the onliner has taken its first look
};

} // namespace memhp
