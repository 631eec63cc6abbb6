// SPDX-License-Identifier: GPL-2.0-only
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/units.h"
#include "core/memory/tally.h"
#include "memhpctl/blocks.h"
#include "memhpctl/clock.h"
#include "memhpctl/collected.h"
#include "memhpctl/json_text.h"
#include "memhpctl/node_table.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/config/config.h"
#include "system/config/hooks.h"
#include "system/kernel/kmod.h"
#include "system/memory/memory_report.h"
#include "system/memory/ratio_report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// The bounds in force; those of the file, or the defaults, where no memhpd runs.
OnlinePolicy bounds_of(const Globals &globals, const Result<json> &daemon)
{
	if (daemon)
		return bounds_from_json(daemon->value("bounds", json::object()));
	const auto config = load_config(globals.config());
	return config && *config ? (*config)->online : OnlinePolicy();
}

/// The daemon's answer, or why there is none.
Result<json> ask_daemon(const Globals &globals)
{
	auto answer = ask_memhpd(globals, "io.memhp.Status", collected_status);
	if (!answer)
		return answer;
	return answer->value("status", json::object());
}

/// What memory there is, as memory_report() has it.
struct Memory {
	json report;
	json view; ///< of the memhpd that told; null where the blocks were read
};

/// memhpd knows without reading all of sysfs; its answer in a collected tree is no fresher than
/// the tree. Takes the report out of the answer.
tl::expected<Memory, NotFound> find_memory(const Globals &globals, Result<json> &daemon)
{
	auto told = json();
	if (daemon && daemon->contains("memory")) {
		told = std::move(daemon->at("memory"));
		daemon->erase("memory");
	}
	if (told.is_object() && !is_collected(globals, collected_status)) {
		json view;
		for (const auto *key : {"verified_ms_ago", "in_doubt"}) {
			view[key] = told.at(key);
			told.erase(key);
		}
		return Memory{std::move(told), std::move(view)};
	}
	const auto found = find_blocks(globals, {}, {.candidates = false});
	if (!found)
		return tl::unexpected(found.error());
	return Memory{memory_report(found->sysfs.root_fd(), tally_of(found->blocks),
				    found->sysfs.block_size(), bounds_of(globals, daemon)),
		      nullptr};
}

std::string describe_view(const json &view)
{
	if (!view.is_object())
		return {};
	auto text = fmt::format(", as memhpd knows them; it read all of them {} ago",
				format_duration(Time(view.value("verified_ms_ago", Time::rep{0}))));
	if (const auto doubt = view.value("in_doubt", 0); doubt > 0)
		text += fmt::format("; of {} that just changed it does not know all", doubt);
	return text;
}

/// Of the ratio's report, or a node's in it.
std::string told_ratio(const json &counted)
{
	const auto ratio = counted.value("ratio", json());
	return ratio_cell(ratio.is_number() ? std::optional(ratio.get<double>()) : std::nullopt,
			  counted.value("movable", uint64_t{0}) > 0);
}

/// A line a node, and all.
std::string describe_memory(const json &report)
{
	auto table = node_table();
	const auto row = [&](std::string name, const json &totals, const json &counted) {
		std::vector<std::string> cells = {std::move(name)};
		for (const auto *key : {"kernel", "movable", "other", "offline"})
			cells.push_back(format_size(totals.value(key, uint64_t{0})));
		cells.push_back(told_ratio(counted));
		table.add(std::move(cells));
	};
	const auto &nodes = report.at("nodes");
	const auto &ratio = report.at("ratio");
	for (const auto &node : nodes) {
		// Without NUMA the zones still have a node, and the blocks none.
		json counted = nodes.size() == 1 ? ratio : json::object();
		for (const auto &one : ratio.at("nodes"))
			if (nodes.size() > 1 && one.at("node") == node.at("node"))
				counted = one;
		row(node.at("node").is_null() ? "" : node.at("node").dump(), node, counted);
	}
	if (nodes.size() > 1)
		row("all", report.at("total"), ratio);
	return table.text();
}

std::string describe_daemon(const Result<json> &daemon)
{
	if (!daemon) {
		if (nobody_there(daemon.error()))
			return "not running (systemctl enable --now memhpd)";
		return daemon.error().message;
	}
	const auto &status = *daemon;
	const auto rules = status.value("rules", 0);
	auto text = fmt::format(
		"running, onlines hot-added memory as {}{}; {} blocks onlined, {} failed attempts, "
		"{} in "
		"the wrong zone, {} taken offline on purpose",
		status.value("action", "?"),
		rules ? fmt::format(" with {} rules (memhpctl policy show)", rules) : "",
		status.value("onlined", 0), status.value("failed_attempts", 0),
		status.value("wrong_zone", 0), status.value("deliberately_offline", 0));
	if (const auto found = status.value("found_online", 0); found > 0)
		text += fmt::format("; {} blocks onlined by {}", found,
				    status.value("mode", "") == "kernel" ? "the kernel" : "others");
	if (const auto left = status.value("left_offline", 0); left > 0)
		text += fmt::format(", {} left to memhpd by it", left);
	if (const auto beyond = status.value("beyond_ratio", 0); beyond > 0)
		text += fmt::format("; {} blocks kept out of the movable zone by the ratio",
				    beyond);
	if (const auto misplaced = status.value("misplaced", 0); misplaced > 0)
		text += fmt::format("; {} blocks are in the wrong zone now (memhpctl policy show)",
				    misplaced);
	if (const auto moved = status.value("rezoned", 0); moved > 0)
		text += fmt::format("; {} blocks moved into the movable zone", moved);
	if (const auto error = status.value("config_error", ""); !error.empty())
		text += fmt::format("; its configuration file is not used, {} in force: {}",
				    status.value("config", "") == "older-file"
					    ? "an older version of it is"
					    : "the defaults are",
				    error);
	if (const auto error = status.value("metrics_error", ""); !error.empty())
		text += fmt::format("; metrics are not written: {}", error);
	return text;
}

using LastRun = Result<std::optional<HooksReport>>;

json hooks_json(const LastRun &hooks)
{
	if (!hooks || !*hooks)
		return nullptr;
	const auto &report = **hooks;
	json ended = json::array();
	for (const auto &end : report.ended)
		ended.push_back({{"name", end.name},
				 {"good", end.good()},
				 {"end", describe(end)},
				 {"took_ms", end.took.count()}});
	return {{"began_boot_ms", report.began.count()},
		{"finished", report.finished()},
		{"good", report.good()},
		{"problem", report.problem.empty() ? json(nullptr) : json(report.problem)},
		{"count", report.count},
		{"ended", std::move(ended)}};
}

std::string describe_hooks(const HooksReport &report, const Clock &clock)
{
	using std::chrono::nanoseconds;
	auto text = fmt::format(
		"run at {}", clock.text(static_cast<uint64_t>(nanoseconds(report.began).count())));
	if (!report.problem.empty())
		return text + ": none, " + report.problem;
	if (!report.finished())
		text += fmt::format(", {} of {} have ended", report.ended.size(), report.count);
	else
		text += fmt::format(", {} of them", report.count);
	if (report.good())
		return text + (report.finished() ? ", all good" : ", good so far");
	for (const auto &end : report.ended)
		if (!end.good())
			text += fmt::format("; {}: {}", end.name, describe(end));
	return text;
}

/// Who onlines and why, and what that means for the kernel's settings, a line each.
std::string describe_mode(const json &status)
{
	auto text = fmt::format("mode:   {} ({})\n", status.value("mode", "?"),
				status.value("mode_why", "?"));
	for (const auto &setting : status.value("settings", json::array())) {
		const auto found = setting.value("found", "?");
		const auto wanted = setting.value("wanted", "?");
		const auto now = setting.value("now", "?");
		text += fmt::format("kernel: {} {}", setting.value("setting", "?"), now);
		if (found != now)
			text += fmt::format(" (found {})", found);
		if (const auto foreign = setting.value("foreign", json()); foreign.is_string()) {
			text += fmt::format("; changed to {} by another program at {}, ",
					    foreign.get<std::string>(),
					    setting.value("foreign_at", "?"));
			text += setting.value("left", false)
					? fmt::format("and left so; memhpd wants {}", wanted)
					: "put right";
		}
		text += '\n';
	}
	return text;
}

/// What is pending and why, a line each.
std::string describe_requests(const json &status)
{
	std::string text;
	for (const auto &request : status.value("requests", json::array())) {
		text += fmt::format("request {}: {} {}: ", request.value("id", 0),
				    request.value("change", "?"), request.value("target", "?"));
		const auto blocks = fmt::format("{} of {} blocks", request.value("done", 0),
						request.value("goal", 0));
		if (request.value("rolling_back", false))
			text += "not all would go, " + blocks + " are back";
		else if (request.value("ejecting", false))
			text += blocks + ", the kernel is to eject the device";
		else
			text += fmt::format(
				"{}, {} left", blocks,
				format_duration(Time(request.value("time_left_ms", Time::rep{0}))));
		if (const auto failed = request.value("failed_attempts", 0); failed > 0)
			text += fmt::format(", {} failed attempts", failed);
		if (const auto waiting = request.value("waiting", json()); waiting.is_string())
			text += ", waiting: " + waiting.get<std::string>();
		text += '\n';
	}
	return text;
}

/// What the kernel does not get done by itself, a line each.
std::string describe_unplugs(const json &status)
{
	const auto span = [](const json &value, const char *key) {
		return format_duration(Time(value.value(key, Time::rep{0})));
	};
	std::string text;
	for (const auto &unplug : status.value("unplugs", json::array()))
		text += fmt::format(
			"unplug of {}: the host asked {} ago, the kernel gave up; memhpd "
			"{}, {} left\n",
			unplug.value("device", "?"), span(unplug, "asked_ms_ago"),
			unplug.value("doing", "?"), span(unplug, "time_left_ms"));
	const auto stuck = status.value("stuck", json());
	if (!stuck.is_object())
		return text;
	text += fmt::format("block {}: a kernel worker ({}, pid {}) has been trying to take it "
			    "offline for {}{}",
			    stuck.value("block", 0), stuck.value("work", "?"),
			    stuck.value("pid", 0), span(stuck, "since_ms_ago"),
			    stuck.value("signalled", false) ? "; SIGTERM sent" : "");
	if (const auto held = stuck.value("held", json()); held.is_string())
		text += "; held pages: " + held.get<std::string>();
	text += '\n';
	const auto pages = stuck.value("pages", json());
	for (const auto &page : pages.is_array() ? pages : json::array()) {
		text += fmt::format("  page {}: {}", page.value("pfn", "?"),
				    page.value("text", "?"));
		if (const auto group = page.value("cgroup", json()); group.is_string())
			text += "; charged to " + group.get<std::string>();
		text += '\n';
	}
	return text;
}

int show_status(const Globals &globals)
{
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	auto daemon = ask_daemon(globals);
	const auto memory = find_memory(globals, daemon);
	if (!memory)
		return complain(memory.error().error, memory.error().status);
	const auto &report = memory->report;
	const Kmod kmod(sysfs->root_fd());
	const auto module = kmod.status();
	const auto hooks =
		load_hooks_report(sysfs->root_fd(), fmt::format("run/memhp/{}", hooks_report_file));

	if (globals.json) {
		json document = report;
		document["view"] = memory->view;
		document["daemon"] = daemon ? *daemon : json(nullptr);
		document["daemon_error"] = daemon ? json(nullptr) : json(daemon.error().message);
		document["hooks"] = hooks_json(hooks);
		document["hooks_error"] = hooks ? json(nullptr) : json(hooks.error().message);
		document["module"] = module ? json("loaded") : json(nullptr);
		document["module_error"] = module ? json(nullptr) : json(module.error().message);
		fmt::print("{}\n", json_text(document));
		return exit_done;
	}

	auto text = fmt::format("{} memory blocks of {}{}\n\n", report.at("blocks").get<uint64_t>(),
				format_size(report.at("block_size").get<uint64_t>()),
				describe_view(memory->view));
	print_folded(text);
	fmt::print("{}\n", describe_memory(report));
	text = fmt::format("ratio:  {}\nmemhpd: {}\n",
			   report.at("ratio").at("summary").get<std::string>(),
			   describe_daemon(daemon));
	if (daemon)
		text += describe_mode(*daemon) + describe_requests(*daemon) +
			describe_unplugs(*daemon);
	text += "module: ";
	text += module ? fmt::format("loaded, {} events recorded, {} not tracked\n",
				     module->number("seq").value_or(0),
				     module->number("untracked").value_or(0))
		       : module.error().message + "\n";
	if (!hooks)
		text += fmt::format("settled programs: {}\n", hooks.error().message);
	else if (*hooks)
		text += fmt::format("settled programs: {}\n",
				    describe_hooks(**hooks, Clock::of(sysfs->root_fd())));
	print_folded(text, 8);
	return exit_done;
}

} // namespace

int verb_status(const Globals &globals)
{
	try {
		return show_status(globals);
	} catch (const json::exception &error) {
		return complain(
			{{}, fmt::format("memhpd's answer is not understood: {}", error.what())});
	}
}

} // namespace memhp
