// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>

#include "core/online/mode.h"
#include "memhpd/config_file.h"
#include "memhpd/event_stream.h"
#include "memhpd/explain_calls.h"
#include "memhpd/kernel_settings.h"
#include "memhpd/kernel_watch.h"
#include "memhpd/live_view.h"
#include "memhpd/metrics.h"
#include "memhpd/onliner.h"
#include "memhpd/requests.h"
#include "memhpd/unplugger.h"
#include "system/kernel/kmod.h"
#include "system/offline/engine.h"
#include "system/varlink/varlink.h"

namespace memhp
{

/// The text of io.memhp.varlink.
extern const char *const control_interface;

/// The interface io.memhp on the socket: turns calls into requests and answers.
class Control
{
public:
	struct Parts {
		Loop &loop;
		bool live; ///< the running machine, not a recorded tree
		const Sysfs &sysfs;
		const Kmod &kmod;
		const ConfigFile &config;
		const KernelSettings &settings;
		const ModeChoice &mode;
		Engine &engine;
		Onliner &onliner;
		Requests &requests;
		const Unplugger &unplugger;
		const KernelWatch &kernel_watch;
		const Metrics &metrics;
		EventStream &events;
		LiveView &view;
		std::function<void()> drain;  ///< deliver all uevents sent so far
		std::function<bool()> reload; ///< false: config.mistakes() says why not
	};

	Control(Parts parts, Fd listening);

private:
	varlink::Interface interface();
	void status(varlink::Call &call) const;
	void blocks(const std::shared_ptr<varlink::Call> &call) const;
	void policy(varlink::Call &call) const;
	void metrics(varlink::Call &call) const;
	void reload(varlink::Call &call) const;
	void cancel(varlink::Call &call) const;
	void change(const std::shared_ptr<varlink::Call> &call, Change change);

	Parts parts_;
	ExplainCalls explain_calls_;
	varlink::Server server_;
};

} // namespace memhp
