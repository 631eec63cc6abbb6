// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/requests.h"

#include <utility>

#include <fmt/ranges.h>

#include "system/log.h"

namespace memhp
{
namespace
{

std::string summary(const Report &report)
{
	std::string text = fmt::format("{} of {} blocks in {}", report.done.size(), report.goal,
				       format_duration(report.took));
	if (report.failed_attempts)
		text += fmt::format(", {} failed attempts", report.failed_attempts);
	if (report.cancelled)
		text += ", cancelled";
	if (report.timed_out)
		text += ", out of time";
	if (!report.waiting.empty())
		text += ", while it waited: " + report.waiting;
	if (!report.complete())
		for (const auto &line : reasons(report.stayed))
			text += "; " + line;
	if (!report.rolled_back.empty())
		text += "; put back: blocks " + format_ranges(report.rolled_back);
	for (const auto &line : reasons(report.lost))
		text += "; not back online: " + line;
	return text;
}

} // namespace

Requests::Requests(const Sysfs &sysfs, Engine &engine, Onliner &onliner, const ConfigFile &config)
	: sysfs_(sysfs), engine_(engine), onliner_(onliner), config_(config)
{
}

Result<uint64_t> Requests::begin(const ChangeRequest &request, unsigned uid,
				 std::function<void(const Progress &)> progress,
				 std::function<void(const Report &)> finished)
{
	const auto id = next_id_;
	RequestCallbacks callbacks;
	callbacks.attempted = [this](Change change, const Attempted &attempted) {
		onliner_.note(change, attempted);
	};
	callbacks.progress = [this, id, progress = std::move(progress)](const Progress &now) {
		note(id, now);
		if (progress)
			progress(now);
	};
	callbacks.finished = [this, id, finished = std::move(finished)](const Report &report) {
		end(id, report);
		if (finished)
			finished(report);
	};
	const auto terms = terms_of(request, config_.config().offline);
	auto plan = make_plan(sysfs_, request, terms);
	if (!plan)
		return fail(plan.error());

	++next_id_;
	auto &entry = entries_[id];
	entry.job = start(engine_, sysfs_, std::move(*plan), std::move(callbacks));
	entry.view.id = id;
	entry.view.change = request.change;
	entry.view.target = fmt::format("{}", fmt::join(request.target, " "));
	entry.view.deadline = Loop::now() + terms.deadline;
	log::info("{} {}: begun for uid {}", to_string(request.change), entry.view.target, uid);
	return id;
}

void Requests::note(uint64_t id, const Progress &progress)
{
	auto &view = entries_.at(id).view;
	const bool waited = !view.progress.waiting.empty();
	if (!progress.block && !progress.waiting.empty())
		log::warning("{} {}: waits, {} of {} blocks done: {}", to_string(view.change),
			     view.target, progress.done, progress.goal, progress.waiting);
	else if (waited && progress.waiting.empty())
		log::info("{} {}: goes on", to_string(view.change), view.target);
	if (progress.rolling_back && !view.progress.rolling_back)
		log::warning("{} {}: not all will go, putting {} blocks back",
			     to_string(view.change), view.target, progress.goal);
	view.progress = progress;
}

void Requests::end(uint64_t id, const Report &report)
{
	const auto entry = entries_.extract(id);
	log::write(report.complete() ? log::Level::info : log::Level::warning,
		   fmt::format("{} {}: {}", to_string(report.change), entry.mapped().view.target,
			       summary(report)));
}

bool Requests::cancel(uint64_t id)
{
	const auto entry = entries_.find(id);
	if (entry == entries_.end())
		return false;
	engine_.cancel(entry->second.job);
	return true;
}

std::vector<Requests::View> Requests::views() const
{
	std::vector<View> views;
	views.reserve(entries_.size());
	for (const auto &[id, entry] : entries_)
		views.push_back(entry.view);
	return views;
}

} // namespace memhp
