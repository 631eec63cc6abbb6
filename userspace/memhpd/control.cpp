// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/control.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "system/log.h"
#include "system/policy_report.h"
#include "system/ratio_report.h"
#include "system/report.h"
#include "system/zoneinfo.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr auto interface_name = "io.memhp";

constexpr auto interface_description = R"(# Memory hotplug: what is there, and changes to it.
# Reading is for whoever may open the socket, changing for root.
interface io.memhp

type Block (
  block: int,
  address: string,
  size: int,
  state: string,
  zone: ?string,
  candidate_zones: []string,
  node: ?int,
  source: string,
  device: ?string
)

# A block that was wanted and did not get there.
type Stayed (
  block: int,
  errno: int,
  killed: bool,
  attempts: int,
  stage: string,
  zone: string,
  reason: string
)

# How the request stands; only to calls with "more". block: what was tried; none when the request
# begins or ends to wait. waiting: why nothing is tried at the moment. rolling_back: it has failed,
# and done of goal blocks are back online.
type Progress (
  block: ?int,
  reached: bool,
  errno: int,
  killed: bool,
  stage: string,
  done: int,
  goal: int,
  failed_attempts: int,
  waiting: string,
  rolling_back: bool
)

# rolled_back: blocks that were taken offline and put back, since all or nothing was asked for. lost:
# those that should have come back and did not.
type Report (
  change: (online, offline),
  block_size: int,
  goal: int,
  done: []int,
  already: []int,
  left_to_host: []int,
  wrong_zone: []int,
  stayed: []Stayed,
  rolled_back: []int,
  lost: []Stayed,
  failed_attempts: int,
  timed_out: bool,
  cancelled: bool,
  waiting: string,
  took_ms: int
)

method Status() -> (status: object)

# What is in force, and why each block is as it is.
method Policy() -> (policy: object)

# Reads the configuration again, as SIGHUP does. After InvalidConfig nothing has changed.
method Reload() -> ()

# In the Prometheus text format, version 0.0.4.
method Metrics() -> (text: string)

method Blocks() -> (block_size: int, blocks: []Block)

# target: words as memhpctl takes them. type: online, online_kernel or online_movable.
method Online(
  target: []string,
  type: ?string,
  deadline_ms: ?int,
  attempt_deadline_ms: ?int
) -> (progress: ?Progress, report: ?Report)

# Ends with the client's connection, unless detach is set: then it goes on, also in a memhpd that is
# started again, and the answer comes at once, with an id and without a report. min_free: "10%" or
# "2G".
method Offline(
  target: []string,
  deadline_ms: ?int,
  attempt_deadline_ms: ?int,
  min_free: ?string,
  force: ?bool,
  all_or_nothing: ?bool,
  detach: ?bool
) -> (progress: ?Progress, report: ?Report, id: ?int)

# Ends a request; Status has the ids. What it has to put back comes back all the same.
method Cancel(id: int) -> ()

error NoSuchRequest (message: string)
error InvalidTarget (message: string)
# message is the first of the mistakes; each is "file:line:column: what".
error InvalidConfig (message: string, mistakes: []string)
error Failed (message: string)
)";

json or_null(const std::string &text) { return text.empty() ? json(nullptr) : json(text); }

json requests_report(const Requests &requests)
{
	const auto now = Loop::now();
	json list = json::array();
	for (const auto &view : requests.views())
		list.push_back({{"id", view.id},
				{"change", to_string(view.change)},
				{"target", view.target},
				{"detached", view.detached},
				{"done", view.progress.done},
				{"goal", view.progress.goal},
				{"failed_attempts", view.progress.failed_attempts},
				{"waiting", or_null(view.progress.waiting)},
				{"rolling_back", view.progress.rolling_back},
				{"time_left_ms", std::max(view.deadline - now, Time{}).count()}});
	return list;
}

json unplugs_report(const Unplugger &unplugger)
{
	const auto now = Loop::now();
	json list = json::array();
	for (const auto &view : unplugger.views())
		list.push_back({{"device", view.device},
				{"asked_ms_ago", (now - view.asked).count()},
				{"time_left_ms", std::max(view.until - now, Time{}).count()},
				{"doing", view.doing},
				{"ejects", view.ejects}});
	return list;
}

json stuck_report(const KernelWatch &watch)
{
	const auto &stuck = watch.stuck();
	if (!stuck)
		return nullptr;
	const auto &attempt = stuck->attempt;
	return {{"block", attempt.block},
		{"since_ms_ago", (Loop::now() - attempt.since).count()},
		{"pid", attempt.pid},
		{"comm", attempt.comm},
		{"work", attempt.work},
		{"held", or_null(stuck->held)},
		{"signalled", stuck->signalled}};
}

json settings_report(const KernelSettings &settings)
{
	json list = json::array();
	for (const auto &view : settings.views(Loop::now()))
		list.push_back({{"setting", to_string(view.setting)},
				{"found", view.found},
				{"wanted", view.wanted},
				{"now", view.now},
				{"put_right", view.put_right},
				{"left", view.left},
				{"foreign", or_null(view.foreign)},
				{"foreign_at", or_null(view.foreign_at)}});
	return list;
}

} // namespace

Control::Control(Parts parts, Fd listening)
	: parts_(parts),
	  server_(parts.loop, std::move(listening),
		  {interface_name,
		   interface_description,
		   {{"Cancel", [this](const auto &call) { cancel(*call); }},
		    {"Metrics", [this](const auto &call) { metrics(*call); }},
		    {"Status", [this](const auto &call) { status(*call); }},
		    {"Blocks", [this](const auto &call) { blocks(*call); }},
		    {"Policy", [this](const auto &call) { policy(*call); }},
		    {"Reload", [this](const auto &call) { reload(*call); }},
		    {"Online", [this](const auto &call) { change(call, Change::online); }},
		    {"Offline", [this](const auto &call) { change(call, Change::offline); }}}})
{
}

void Control::status(varlink::Call &call) const
{
	const auto &counters = parts_.onliner.counters();
	const auto module = parts_.kmod.check();
	uint64_t deliberate = 0;
	for (const auto &[number, entry] : parts_.onliner.ledger().entries())
		deliberate += entry.standing == Ledger::Standing::deliberate;

	json status = {
		{"action", to_string(parts_.onliner.policy().action)},
		{"rules", parts_.onliner.policy().rules.size()},
		{"config", to_string(parts_.config.origin())},
		{"config_error", fmt::format("{}", fmt::join(parts_.config.mistakes(), "; "))},
		{"mode", to_string(parts_.mode.mode)},
		{"mode_why", parts_.mode.why},
		{"settings", settings_report(parts_.settings)},
		{"pending_online", parts_.onliner.pending()},
		{"running_block",
		 parts_.engine.running() ? json(*parts_.engine.running()) : json(nullptr)},
		{"requests", requests_report(parts_.requests)},
		{"unplugs", unplugs_report(parts_.unplugger)},
		{"unplugs_asked", parts_.unplugger.counters().asked},
		{"unplugs_done", parts_.unplugger.counters().ejected},
		{"unplugs_given_up", parts_.unplugger.counters().gave_up},
		{"stuck", stuck_report(parts_.kernel_watch)},
		{"deliberately_offline", deliberate},
		{"onlined", counters.onlined},
		{"failed_attempts", counters.failures},
		{"gave_up", counters.gave_up},
		{"wrong_zone", counters.wrong_zone},
		{"misplaced", parts_.onliner.misplaced().size()},
		{"moving", parts_.onliner.moving().size()},
		{"rezoned", counters.rezoned},
		{"beyond_ratio", counters.beyond_ratio},
		{"bounds", bounds_to_json(parts_.onliner.policy())},
		{"found_online", counters.found_online},
		{"left_offline", counters.left_offline},
		{"lost_events", counters.lost_events},
		{"scans", counters.scans},
		{"metrics_error", parts_.metrics.problem()},
		{"module", module ? "loaded" : module.error().message},
	};
	call.reply({{"status", std::move(status)}});
}

void Control::blocks(varlink::Call &call) const
{
	const auto found = parts_.sysfs.scan();
	if (!found) {
		call.error("io.memhp.Failed", {{"message", found.error().message}});
		return;
	}
	json list = json::array();
	for (const auto &block : *found)
		list.push_back(to_json(block, parts_.sysfs.block_size()));
	call.reply({{"block_size", parts_.sysfs.block_size()}, {"blocks", std::move(list)}});
}

void Control::policy(varlink::Call &call) const
{
	const auto found = parts_.sysfs.scan();
	if (!found) {
		call.error("io.memhp.Failed", {{"message", found.error().message}});
		return;
	}
	const PolicyReport report = {
		parts_.config.config(),
		parts_.config.path(),
		to_string(parts_.config.origin()),
		parts_.config.mistakes(),
		*found,
		parts_.sysfs.block_size(),
		count_memory(parts_.sysfs.root_fd(), *found, parts_.sysfs.block_size()),
		&parts_.onliner.ledger().entries(),
		&parts_.onliner.misplaced()};
	call.reply({{"policy", to_json(report)}});
}

void Control::metrics(varlink::Call &call) const
{
	const auto text = parts_.metrics.text();
	if (!text) {
		call.error("io.memhp.Failed", {{"message", text.error().message}});
		return;
	}
	call.reply({{"text", *text}});
}

void Control::reload(varlink::Call &call) const
{
	if (call.uid() != 0) {
		call.error("org.varlink.service.PermissionDenied",
			   {{"message", "reading the configuration again needs root"}});
		return;
	}
	if (!parts_.reload()) {
		const auto &mistakes = parts_.config.mistakes();
		call.error("io.memhp.InvalidConfig",
			   {{"message", mistakes.front()}, {"mistakes", mistakes}});
		return;
	}
	call.reply(json::object());
}

void Control::change(const std::shared_ptr<varlink::Call> &call, Change change)
{
	if (call->uid() != 0) {
		call->error("org.varlink.service.PermissionDenied",
			    {{"message", "changing memory needs root"}});
		return;
	}
	if (change == Change::offline && parts_.config.unknown()) {
		call->error(
			"io.memhp.Failed",
			{{"message", "memhpd takes nothing offline while its configuration cannot "
				     "be used: " +
					     parts_.config.mistakes().front()}});
		return;
	}
	auto request = request_from_json(call->parameters());
	if (!request) {
		call->error("io.memhp.InvalidTarget", {{"message", request.error().message}});
		return;
	}
	request->change = change;
	const bool detach = call->parameters().value("detach", json(false)) == true;

	Requests::Client client;
	client.uid = call->uid();
	client.detached = detach;
	client.progress = [call](const Progress &progress) {
		call->progress({{"progress", to_json(progress)}});
	};
	client.finished = [call](const Report &report) {
		call->reply({{"report", to_json(report)}});
	};
	const auto id = parts_.requests.begin(*request, std::move(client));
	if (!id) {
		call->error("io.memhp.InvalidTarget", {{"message", id.error().message}});
		return;
	}
	if (detach)
		call->reply({{"id", *id}});
	else
		call->on_gone([this, request_id = *id] { parts_.requests.cancel(request_id); });
}

void Control::cancel(varlink::Call &call) const
{
	if (call.uid() != 0) {
		call.error("org.varlink.service.PermissionDenied",
			   {{"message", "ending a request needs root"}});
		return;
	}
	const auto id = call.parameters().value("id", json());
	if (!id.is_number_unsigned() || !parts_.requests.cancel(id.get<uint64_t>())) {
		call.error("io.memhp.NoSuchRequest",
			   {{"message", fmt::format("there is no request {}; see memhpctl status",
						    id.dump())}});
		return;
	}
	call.reply(json::object());
}

} // namespace memhp
