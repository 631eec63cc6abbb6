// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/status_report.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "system/explain/owners_report.h"
#include "system/memory/memory_report.h"
#include "system/memory/ratio_report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

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
				{"ejecting", view.progress.ejecting},
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

json memory_of(const Control::Parts &parts)
{
	const auto verified = parts.view.verified();
	if (!verified)
		return nullptr;
	auto report = memory_report(parts.sysfs.root_fd(), parts.view.tally(),
				    parts.sysfs.block_size(), parts.onliner.policy());
	report["verified_ms_ago"] = (Loop::now() - *verified).count();
	report["in_doubt"] = parts.view.doubts();
	return report;
}

json stuck_of(const KernelWatch &watch, bool for_root)
{
	return watch.stuck() ? stuck_report(*watch.stuck(), Loop::now(), for_root) : json(nullptr);
}

} // namespace

json stuck_report(const KernelWatch::Stuck &stuck, Time now, bool for_root)
{
	const auto &attempt = stuck.attempt;
	return {{"block", attempt.block},
		{"since_ms_ago", (now - attempt.since).count()},
		{"pid", attempt.pid},
		{"comm", attempt.comm},
		{"work", attempt.work},
		{"held", or_null(for_root ? stuck.held : "")},
		{"pages",
		 for_root && stuck.owners ? to_json(stuck.pages, *stuck.owners) : json(nullptr)},
		{"signalled", stuck.signalled}};
}

json status_report(const Control::Parts &parts, bool for_root)
{
	const auto &counters = parts.onliner.counters();
	const auto module = parts.kmod.check();

	return {
		{"memory", memory_of(parts)},
		{"action", to_string(parts.onliner.policy().action)},
		{"rules", parts.onliner.policy().rules.size()},
		{"config", to_string(parts.config.origin())},
		{"config_error", fmt::format("{}", fmt::join(parts.config.mistakes(), "; "))},
		{"mode", to_string(parts.mode.mode)},
		{"mode_why", parts.mode.why},
		{"settings", settings_report(parts.settings)},
		{"pending_online", parts.onliner.pending()},
		{"running_block",
		 parts.engine.running() ? json(*parts.engine.running()) : json(nullptr)},
		{"requests", requests_report(parts.requests)},
		{"unplugs", unplugs_report(parts.unplugger)},
		{"unplugs_asked", parts.unplugger.counters().asked},
		{"unplugs_done", parts.unplugger.counters().ejected},
		{"unplugs_given_up", parts.unplugger.counters().gave_up},
		{"stuck", stuck_of(parts.kernel_watch, for_root)},
		{"deliberately_offline", parts.onliner.ledger().deliberate()},
		{"onlined", counters.onlined},
		{"failed_attempts", counters.failures},
		{"gave_up", counters.gave_up},
		{"wrong_zone", counters.wrong_zone},
		{"misplaced", parts.onliner.misplaced().size()},
		{"moving", parts.onliner.moving().size()},
		{"rezoned", counters.rezoned},
		{"beyond_ratio", counters.beyond_ratio},
		{"bounds", bounds_to_json(parts.onliner.policy())},
		{"found_online", counters.found_online},
		{"left_offline", counters.left_offline},
		{"lost_events", counters.lost_events},
		{"scans", counters.scans},
		{"metrics_error", parts.metrics.problem()},
		{"module", module ? "loaded" : module.error().message},
	};
}

} // namespace memhp
