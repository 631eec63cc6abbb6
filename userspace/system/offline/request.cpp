// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/request.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "system/base/log.h"
#include "system/kernel/settings.h"
#include "system/offline/assist.h"
#include "system/offline/eject.h"
#include "system/offline/held_pages.h"
#include "system/offline/last_memory.h"
#include "system/offline/put_back.h"

namespace memhp
{
namespace
{

void sort(std::vector<Stayed> &stayed)
{
	std::sort(stayed.begin(), stayed.end(),
		  [](const Stayed &a, const Stayed &b) { return a.block < b.block; });
}

/// A request on its way: its job, then the jobs that put back what must not stay.
class Running : public std::enable_shared_from_this<Running>
{
public:
	Running(Engine &engine, const Sysfs &sysfs, Plan plan, RequestCallbacks callbacks,
		const Share &share)
		: engine_(engine), sysfs_(sysfs), plan_(std::move(plan)),
		  callbacks_(std::move(callbacks)), started_(Loop::now()), shared_(share.blocks),
		  id_(share.id)
	{
		assistant_ = std::make_shared<Assistant>(engine_, sysfs_, plan_.terms.assist,
							 plan_.lowered, callbacks_.lowered);
		report_.change = plan_.request.change;
		report_.block_size = sysfs_.block_size();
		report_.already = plan_.already;
		report_.left_to_host = plan_.left_to_host;
		for (const auto &part : plan_.parts)
			origins_[part.block] = {part.inode, part.zone};
		shared_->begin(id_,
			       share.passing || plan_.request.trial ? SharedBlocks::Kind::passing
								    : SharedBlocks::Kind::lasting,
			       plan_.shared.kept);
	}

	Engine::JobId begin()
	{
		if (plan_.resumed)
			look_what_is_left();
		if (report_.change == Change::offline)
			for (const auto block : plan_.already)
				shared_->found(id_, block);
		report_.goal = plan_.goal;

		const auto &request = plan_.request;
		if (request.eject)
			report_.ejected = {
				device_to_eject(parse_target(request.target).value()).value_or(""),
				false, "not all of it went offline"};
		JobSpec spec;
		spec.change = request.change;
		spec.type = request.type;
		spec.keep_type = request.change == Change::online && forgets(request.type);
		if (!plan_.rolling_back)
			for (const auto &part : plan_.parts)
				spec.blocks.push_back(part.block);
		spec.goal = plan_.goal;
		spec.rearrange = plan_.rearrange;
		spec.deadline = plan_.deadline;
		spec.attempt_deadline = plan_.terms.attempt_deadline;
		spec.backoff = plan_.terms.backoff;
		spec.seed = static_cast<unsigned>(started_.count());
		spec.all_or_nothing = request.all_or_nothing;
		spec.once = request.trial;
		if (request.change == Change::offline) {
			spec.hindered =
				[held = HeldPages(sysfs_.root_fd())](uint64_t block) mutable {
					return held.still_held(block);
				};
			spec.limits = plan_.terms.limits;
			spec.assisted = !plan_.terms.assist.empty() && !request.trial;
			if (!plan_.rolling_back && !request.trial)
				assistant_->begin(nodes_of([](uint64_t) { return true; }));
		}

		Engine::Callbacks callbacks;
		callbacks.attempted = [self = shared_from_this()](const Job &job,
								  const Attempted &one) {
			self->attempted(job, one);
		};
		callbacks.help = [self = shared_from_this()](const Job &job) {
			return self->help(job);
		};
		if (request.change == Change::offline && !request.force)
			callbacks.permit = [last = LastMemory(sysfs_, plan_.parts)](
						   uint64_t block) { return last.ask(block); };
		callbacks.held = [self = shared_from_this()](const Job &job) {
			self->tell(job, {});
		};
		callbacks.finished = [self = shared_from_this()](const Job &job) {
			self->conclude(job);
		};
		return engine_.submit(std::move(spec), std::move(callbacks));
	}

private:
	/// True where the kernel would put a block back into a zone of its own choice, whatever
	/// type it was onlined as, unless it is told twice.
	bool forgets(OnlineType type) const
	{
		return type != OnlineType::by_default &&
		       !read_setting(sysfs_.root_fd(), KernelSetting::online_policy);
	}
	void look_what_is_left();
	void tell(const Job &job, Progress progress) const;
	void attempted(const Job &job, const Attempted &attempted);
	std::set<int> nodes_of(const std::function<bool(uint64_t)> &wanted) const;
	std::vector<Engine::Order> help(const Job &job);
	void conclude(const Job &job);
	void take_out();
	void settle_up();
	void roll_back();
	void came_back(const Attempted &attempted, const BroughtBack &so_far);
	void finish();
	void report();

	Engine &engine_;
	const Sysfs &sysfs_;
	Plan plan_;
	RequestCallbacks callbacks_;
	Time started_;
	std::shared_ptr<Assistant> assistant_;
	Report report_;
	SharedBlocks::Blocks origins_; ///< of the blocks of its plan
	std::shared_ptr<SharedBlocks> shared_;
	SharedBlocks::Id id_;
};

/// Blocks of another life are none of this request's. What is offline by now counts as taken by it:
/// the plan was saved before the first write.
void Running::look_what_is_left()
{
	const auto blocks = sysfs_.scan();
	if (!blocks) {
		log::error("going on with a request: {}", blocks.error().message);
		return;
	}
	std::map<uint64_t, const Block *> known;
	for (const auto &block : *blocks)
		known[block.number] = &block;
	const auto gone = [&](const Plan::Part &part) {
		const auto block = known.find(part.block);
		return block == known.end() || block->second->inode != part.inode;
	};
	for (const auto &[block, origin] : plan_.shared.owed)
		if (const auto now = known.find(block); now != known.end() &&
							now->second->inode == origin.inode &&
							now->second->state == BlockState::offline)
			shared_->took(id_, block, origin);
	const auto before = plan_.parts.size();
	plan_.parts.erase(std::remove_if(plan_.parts.begin(), plan_.parts.end(), gone),
			  plan_.parts.end());
	plan_.goal -= std::min(plan_.goal, before - plan_.parts.size());
	if (plan_.request.change != Change::offline)
		return;
	const auto went = [&](const Plan::Part &part) {
		return known.at(part.block)->state == BlockState::offline;
	};
	for (const auto &part : plan_.parts)
		if (went(part) && plan_.shared.kept.count(part.block) == 0)
			shared_->took(id_, part.block, origins_[part.block]);
	// First, or one that failed before would go too, and more than was asked for.
	std::stable_partition(plan_.parts.begin(), plan_.parts.end(), went);
}

void Running::tell(const Job &job, Progress progress) const
{
	if (!callbacks_.progress)
		return;
	progress.done = job.done();
	progress.goal = job.spec().goal;
	progress.failed_attempts = job.failed_attempts();
	progress.waiting = job.held() ? job.held()->text : "";
	callbacks_.progress(progress);
}

void Running::attempted(const Job &job, const Attempted &attempted)
{
	const auto &outcome = attempted.outcome;
	const bool online = job.spec().change == Change::online;
	if (online && outcome.reached && !right_zone(job.spec().type, attempted.zone))
		report_.wrong_zone.push_back(attempted.block);
	if (!online && attempted.zone != Zone::none)
		origins_[attempted.block].zone = attempted.zone;
	if (outcome.reached && online)
		shared_->back(attempted.block);
	else if (outcome.reached && attempted.ours)
		shared_->took(id_, attempted.block, origins_[attempted.block]);
	else if (outcome.reached)
		shared_->found(id_, attempted.block);
	if (callbacks_.attempted)
		callbacks_.attempted(job.spec().change, attempted);
	tell(job, progress_of(attempted));
}

std::set<int> Running::nodes_of(const std::function<bool(uint64_t)> &wanted) const
{
	std::set<int> nodes;
	for (const auto &part : plan_.parts)
		if (part.node >= 0 && wanted(part.block))
			nodes.insert(part.node);
	return nodes;
}

std::vector<Engine::Order> Running::help(const Job &job)
{
	std::set<uint64_t> left;
	for (const auto &record : job.records())
		if (record.standing == Job::Standing::pending)
			left.insert(record.block);
	return assistant_->help(nodes_of([&](uint64_t block) { return left.count(block) != 0; }));
}

void Running::conclude(const Job &job)
{
	for (const auto &record : job.records()) {
		if (record.standing == Job::Standing::done ||
		    (record.standing == Job::Standing::gone && report_.change == Change::offline)) {
			report_.done.push_back(record.block);
		} else if (record.failures > 0 || record.standing == Job::Standing::gone ||
			   job.missing() > 0) {
			// One that was never tried and was not needed has not "stayed".
			auto stayed = stayed_of(record);
			if (record.failures > 0 && report_.change == Change::offline)
				stayed.zone = to_string(origins_[record.block].zone);
			report_.stayed.push_back(std::move(stayed));
		}
	}
	report_.failed_attempts = job.failed_attempts();
	report_.timed_out = job.timed_out();
	report_.cancelled = job.cancelled();
	report_.waiting = job.held() ? job.held()->text : "";

	const bool empty = report_.done.size() >= report_.goal && !plan_.rolling_back;
	if (report_.ejected && empty && job.cancelled())
		report_.ejected->reason = "the request was cancelled";
	if (report_.ejected && empty && !job.cancelled())
		take_out();
	else
		settle_up();
}

void Running::take_out()
{
	const auto &device = report_.ejected->device;
	if (plan_.resumed && plan_.parts.empty()) {
		// It went with the process before. What has its name now is another device.
		report_.ejected = {device, true, ""};
		settle_up();
		return;
	}
	if (callbacks_.progress) {
		Progress progress;
		progress.done = report_.done.size();
		progress.goal = report_.goal;
		progress.failed_attempts = report_.failed_attempts;
		progress.ejecting = true;
		callbacks_.progress(progress);
	}
	if (callbacks_.ejecting)
		callbacks_.ejecting(device, true);
	eject(engine_, sysfs_, device, plan_.deadline,
	      [self = shared_from_this()](const Result<void> &result) {
		      auto &ejected = *self->report_.ejected;
		      ejected.done = result.has_value();
		      ejected.reason = result ? "" : result.error().message;
		      if (self->callbacks_.ejecting)
			      self->callbacks_.ejecting(ejected.device, false);
		      self->settle_up();
	      });
}

void Running::settle_up()
{
	const bool unwanted = plan_.rolling_back || plan_.request.trial ||
			      (plan_.request.all_or_nothing && !report_.complete());
	if (!unwanted) {
		if (const auto kept = shared_->keep(id_); callbacks_.kept && !kept.empty())
			callbacks_.kept(kept);
		finish();
	} else if (callbacks_.suspended && callbacks_.suspended()) {
		shared_->end(id_);
		finish();
	} else {
		roll_back();
	}
}

void Running::roll_back()
{
	auto given_up = shared_->give_up(id_);
	report_.left_to_others = std::move(given_up.left);
	// Until they are back, they are where they are.
	report_.done.clear();
	for (const auto &[block, origin] : given_up.put_back)
		report_.done.push_back(block);
	if (callbacks_.progress && !(given_up.put_back.empty() && report_.left_to_others.empty())) {
		Progress progress;
		progress.goal = given_up.put_back.size();
		progress.rolling_back = true;
		callbacks_.progress(progress);
	}
	if (given_up.put_back.empty()) {
		shared_->end(id_);
		finish();
		return;
	}
	Returning returning;
	returning.blocks = std::move(given_up.put_back);
	returning.backoff = plan_.terms.backoff;
	returning.keep_type = forgets(OnlineType::movable);
	const auto begun = put_back(
		engine_, sysfs_, returning,
		[self = shared_from_this()](const Attempted &one, const BroughtBack &so_far) {
			self->came_back(one, so_far);
		},
		[self = shared_from_this()](const BroughtBack &came) {
			auto &report = self->report_;
			report.done = came.asked;
			report.rolled_back = came.back;
			report.wrong_zone.insert(report.wrong_zone.end(), came.wrong_zone.begin(),
						 came.wrong_zone.end());
			report.lost = came.lost;
			report.failed_attempts += came.failed_attempts;
			self->shared_->end(self->id_);
			self->finish();
		});
	if (begun)
		return;
	log::error("what was taken offline cannot be put back: {}", begun.error().message);
	shared_->end(id_);
	finish();
}

void Running::came_back(const Attempted &attempted, const BroughtBack &so_far)
{
	if (attempted.outcome.reached)
		shared_->back(attempted.block);
	if (callbacks_.attempted)
		callbacks_.attempted(Change::online, attempted);
	if (!callbacks_.progress)
		return;
	auto progress = progress_of(attempted);
	progress.rolling_back = true;
	progress.done = so_far.back.size();
	progress.goal = so_far.asked.size();
	progress.failed_attempts = report_.failed_attempts + so_far.failed_attempts;
	callbacks_.progress(progress);
}

void Running::finish()
{
	assistant_->restore([self = shared_from_this()] { self->report(); });
}

void Running::report()
{
	std::sort(report_.rolled_back.begin(), report_.rolled_back.end());
	std::sort(report_.done.begin(), report_.done.end());
	std::vector<uint64_t> done;
	std::set_difference(report_.done.begin(), report_.done.end(), report_.rolled_back.begin(),
			    report_.rolled_back.end(), std::back_inserter(done));
	report_.done = std::move(done);
	std::sort(report_.wrong_zone.begin(), report_.wrong_zone.end());
	sort(report_.stayed);
	sort(report_.lost);
	report_.took = Loop::now() - started_;
	callbacks_.finished(report_);
}

} // namespace

Engine::JobId start(Engine &engine, const Sysfs &sysfs, Plan plan, RequestCallbacks callbacks,
		    const Share &share)
{
	return std::make_shared<Running>(engine, sysfs, std::move(plan), std::move(callbacks),
					 share)
		->begin();
}

} // namespace memhp
