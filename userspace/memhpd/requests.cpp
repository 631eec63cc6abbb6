// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/requests.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/ranges.h>

#include "system/base/log.h"

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
	if (!report.left_to_others.empty())
		text += "; offline all the same, for another request counts on them: blocks " +
			format_ranges(report.left_to_others);
	for (const auto &line : reasons(report.lost))
		text += "; not back online: " + line;
	if (report.ejected)
		text += fmt::format("; {} {}", report.ejected->device,
				    report.ejected->done
					    ? "is ejected"
					    : "was not ejected: " + report.ejected->reason);
	return text;
}

/// Of one that was begun before a crash or a stop.
std::string_view how_it_goes_on(const SavedRequest &saved)
{
	if (saved.owned)
		return "restoring the huge pages that it had given back";
	if (!saved.plan.rolling_back)
		return "going on with it";
	return saved.detached ? "putting back what it took offline, as that one had begun to do"
			      : "who waited for it is gone: putting back what it took offline";
}

constexpr auto file = "requests.json";

} // namespace

Requests::Requests(Parts parts) : parts_(parts) {}

void Requests::load()
{
	auto left = load_requests(parts_.dir.get(), file);
	if (!left) {
		log::error("what was asked of the memhpd that ended before is lost: {}",
			   left.error().message);
		return;
	}
	left_ = std::move(*left);
	for (const auto &saved : left_)
		next_id_ = std::max(next_id_, saved.id + 1);
}

void Requests::resume()
{
	if (left_.empty())
		return;
	if (parts_.config.unknown()) {
		log::warning(
			"{} requests that the memhpd that ended before had begun wait until the "
			"configuration can be used",
			left_.size());
		return;
	}
	for (auto &saved : std::exchange(left_, {})) {
		auto &plan = saved.plan;
		const auto target = fmt::format("{}", fmt::join(plan.request.target, " "));
		const auto what = fmt::format("{} {}", to_string(plan.request.change), target);
		if (saved.owned) {
			plan.parts.clear();
			plan.goal = 0;
			if (plan.lowered.empty())
				continue;
		}
		const bool owes =
			plan.request.all_or_nothing || plan.request.trial || !plan.lowered.empty();
		if (!saved.detached && !owes) {
			log::warning("{}: begun by the memhpd that ended before; who waited for it "
				     "is gone, so it ends here, and what is offline stays so",
				     what);
			continue;
		}
		plan.rolling_back |= !saved.detached;
		log::info("{}: begun by the memhpd that ended before; {}", what,
			  how_it_goes_on(saved));
		run(std::move(saved), {});
	}
	save_or_warn();
}

Result<uint64_t> Requests::begin(const ChangeRequest &request, Client client)
{
	auto plan =
		make_plan(parts_.sysfs, request, terms_of(request, parts_.config.config().offline),
			  on_their_way_online());
	if (!plan)
		return fail(plan.error());
	SavedRequest saved{next_id_, client.uid, client.detached, client.owned, std::move(*plan)};
	if (request.change == Change::offline) {
		// Or a crash would leave a block that was never seen online: policy would online it
		// again.
		if (parts_.save_lives)
			parts_.save_lives();
		const auto recorded = save(&saved);
		if (!recorded)
			return fail({recorded.error().code,
				     "nothing is taken offline that cannot be put on record: " +
					     recorded.error().message});
	}
	const auto id = next_id_++;
	log::info("{} {}: begun for uid {}", to_string(request.change),
		  fmt::join(request.target, " "), client.uid);
	run(std::move(saved), std::move(client));
	return id;
}

SharedBlocks::Blocks Requests::on_their_way_online() const
{
	auto blocks = shared_->returning();
	for (const auto &[id, entry] : entries_) {
		const auto &plan = entry.saved.plan;
		if (plan.request.change != Change::online)
			continue;
		const auto zone =
			plan.request.type == OnlineType::movable ? Zone::movable : Zone::normal;
		// What comes behind stands in for one that fails, and most often stays as it is.
		for (const auto &part : plan.parts | std::views::take(plan.goal))
			blocks.try_emplace(part.block, Origin{part.inode, zone});
	}
	return blocks;
}

void Requests::run(SavedRequest saved, Client client)
{
	const auto id = saved.id;
	auto &entry = entries_[id];
	entry.view.id = id;
	entry.view.change = saved.plan.request.change;
	entry.view.target = fmt::format("{}", fmt::join(saved.plan.request.target, " "));
	entry.view.progress.goal = saved.plan.goal;
	entry.view.deadline = saved.plan.deadline;
	entry.view.detached = saved.detached;
	auto plan = saved.plan;
	entry.saved = std::move(saved);
	entry.saved.plan.rearrange = {};

	RequestCallbacks callbacks;
	callbacks.attempted = [this](Change change, const Attempted &attempted) {
		parts_.onliner.note(change, attempted);
	};
	callbacks.lowered = [this, id](const Lowered &lowered) {
		entries_.at(id).saved.plan.lowered = lowered;
		save_or_warn();
	};
	callbacks.suspended = [this, detached = entry.view.detached] {
		return suspended_ && detached;
	};
	callbacks.ejecting = [this](const std::string &device, bool begins) {
		if (begins)
			ejecting_.insert(device);
		else
			eject_ended(device);
	};
	callbacks.kept = [this](const std::vector<uint64_t> &blocks) {
		if (kept_)
			kept_(blocks);
	};
	callbacks.progress = [this, id,
			      progress = std::move(client.progress)](const Progress &now) {
		note(id, now);
		if (progress)
			progress(now);
	};
	callbacks.finished = [this, id,
			      finished = std::move(client.finished)](const Report &report) {
		if (end(id, report) && finished)
			finished(report);
	};
	entry.job = start(parts_.engine, parts_.sysfs, std::move(plan), std::move(callbacks),
			  {shared_, id, entry.saved.owned});
}

/// What the kernel has told by the time at which it lets go of the lock is about this eject.
void Requests::eject_ended(const std::string &device)
{
	parts_.engine.barrier([this, device](bool passed) {
		if (!passed) {
			eject_ended(device);
			return;
		}
		if (parts_.drain)
			parts_.drain();
		ejecting_.erase(ejecting_.find(device));
	});
}

void Requests::note(uint64_t id, const Progress &progress)
{
	auto &entry = entries_.at(id);
	auto &view = entry.view;
	const bool waited = !view.progress.waiting.empty();
	if (!progress.block && !progress.waiting.empty())
		log::warning("{} {}: waits, {} of {} blocks done: {}", to_string(view.change),
			     view.target, progress.done, progress.goal, progress.waiting);
	else if (waited && progress.waiting.empty() && !progress.rolling_back)
		log::info("{} {}: goes on", to_string(view.change), view.target);
	if (progress.rolling_back && !view.progress.rolling_back) {
		if (entry.saved.plan.request.trial)
			log::info("{} {}: a trial, putting it back", to_string(view.change),
				  view.target);
		else
			log::warning("{} {}: not all will go, {}", to_string(view.change),
				     view.target,
				     progress.goal > 0
					     ? fmt::format("putting {} blocks back", progress.goal)
					     : "and another request counts on what went");
		entry.saved.plan.rolling_back = true;
		save_or_warn();
	}
	view.progress = progress;
}

bool Requests::end(uint64_t id, const Report &report)
{
	const auto found = entries_.find(id);
	auto &entry = found->second;
	const auto what = fmt::format("{} {}", to_string(report.change), entry.view.target);
	if (suspended_ && entry.view.detached && report.cancelled && report.rolled_back.empty()) {
		entry.kept = true;
		log::info("{}: kept for the next memhpd, {} of {} blocks done", what,
			  report.done.size(), report.goal);
		return false;
	}
	const bool good = entry.saved.plan.request.trial ? report.lost.empty() : report.complete();
	log::write(good ? log::Level::info : log::Level::warning,
		   fmt::format("{}: {}", what, summary(report)));
	entries_.erase(found);
	if (report.change == Change::offline)
		save_or_warn();
	return true;
}

bool Requests::cancel(uint64_t id)
{
	const auto entry = entries_.find(id);
	if (entry == entries_.end())
		return false;
	parts_.engine.cancel(entry->second.job);
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

bool Requests::leave(uint64_t block, const Origin &origin)
{
	const bool left = shared_->leave(block, origin);
	if (left)
		save_or_warn();
	return left;
}

SavedRequest Requests::saved(uint64_t id, const Entry &entry) const
{
	auto saved = entry.saved;
	auto &shared = saved.plan.shared;
	shared = shared_->record(id);
	for (const auto &part : saved.plan.parts)
		shared.owed.erase(part.block);
	return saved;
}

Result<void> Requests::save(const SavedRequest *more) const
{
	auto requests = left_;
	for (const auto &[id, entry] : entries_)
		if (entry.view.change == Change::offline)
			requests.push_back(saved(id, entry));
	if (more)
		requests.push_back(*more);
	return save_requests(parts_.dir.get(), file, requests);
}

void Requests::save_or_warn() const
{
	const auto saved = save();
	if (!saved)
		log::warning("requests cannot be saved, a restart will take old ones for open: {}",
			     saved.error().message);
}

} // namespace memhp
