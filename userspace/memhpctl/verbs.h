// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/kernel/event_filter.h"
#include "core/memory/block.h"
#include "system/config/config.h"
#include "system/offline/request.h"

namespace memhp
{

enum ExitStatus {
	exit_done = 0,
	exit_failed = 1,
	exit_usage = 2,
	exit_partly = 64, ///< as chmem has it
};

struct Globals {
	std::string sysroot = "/";
	bool json = false;

	/// The running machine, not a recorded tree.
	bool live() const { return sysroot == "/"; }
	/// What memhpd reads where it is not told otherwise.
	std::string config() const { return (live() ? "" : sysroot) + default_config_path; }
	/// Where memhpd listens.
	std::string socket() const { return (live() ? "" : sysroot) + "/run/memhp/io.memhp"; }
};

struct ListOptions {
	std::vector<std::string> target; ///< empty: all blocks
	std::string columns;		 ///< comma-separated; empty: the default ones
	bool split = false;		 ///< a line a block
	bool bytes = false;		 ///< sizes in bytes
	bool no_headings = false;
};

struct MapOptions {
	std::vector<std::string> target; ///< empty: all blocks
	std::optional<uint64_t> cell;	 ///< bytes; nothing: as it fits
};

struct EventsOptions {
	std::string since;  ///< as parse_since() takes it; empty: all
	EventFilter filter; ///< without a time
};

struct CollectOptions {
	std::string file;
	bool force = false; ///< replaces a file
};

/// One of the two.
struct WaitOptions {
	std::optional<uint64_t> online; ///< bytes
	bool settled = false;		///< nothing comes, goes or changes any more
	std::optional<Time> timeout;
};

struct ProbeOptions {
	std::string address;
	bool dry_run = false;
};

struct ChangeOptions {
	ChangeRequest request;
	bool dry_run = false;
	bool yes = false;
	bool no_wait = false;
};

struct PlanAddOptions {
	uint64_t bytes = 0;
	std::optional<int> node; ///< nothing: the lowest that has memory
	Source source = Source::acpi_dimm;
};

/// Each verb prints its result to standard output and problems to standard error, and returns an
/// ExitStatus.
int verb_list(const Globals &globals, const ListOptions &options);
int verb_map(const Globals &globals, const MapOptions &options);
int verb_status(const Globals &globals);
int verb_change(const Globals &globals, const ChangeOptions &options);
/// One real attempt on one block, which is put back.
int verb_trial(const Globals &globals, const ChangeRequest &request);
/// `words`: numbers of requests, or "all".
int verb_cancel(const Globals &globals, const std::vector<std::string> &words);
/// `target`: words that name blocks.
int verb_explain(const Globals &globals, const std::vector<std::string> &target);
int verb_events(const Globals &globals, const EventsOptions &options);
int verb_watch(const Globals &globals);
int verb_collect(const Globals &globals, const CollectOptions &options);
int verb_wait(const Globals &globals, const WaitOptions &options);
int verb_probe(const Globals &globals, const ProbeOptions &options);
int verb_stats(const Globals &globals);
int verb_metrics(const Globals &globals);
/// `file` may be "-" for the standard input.
int verb_policy_check(const Globals &globals, const std::string &file);
int verb_policy_show(const Globals &globals);
int verb_plan_add(const Globals &globals, const PlanAddOptions &options);
int verb_plan_offline(const Globals &globals, const ChangeRequest &request);
/// exit_failed where something is wrong with the machine.
int verb_doctor(const Globals &globals);

/// Carries out a change by memhpd, or here where it does not run, and waits for its end. Nobody
/// sees the progress.
Result<Report> carry_out(const Globals &globals, const Sysfs &sysfs, const ChangeRequest &request);

/// True where the socket is not there or memhpd does not answer: it is not running.
bool nobody_there(const Error &error);

/// Prints "memhpctl: …" and returns `status`.
int complain(const Error &error, int status = exit_failed);

} // namespace memhp
