// SPDX-License-Identifier: GPL-2.0-only
#include "system/request.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "system/assist.h"
#include "system/eject.h"
#include "system/log.h"
#include "system/settings.h"

namespace memhp
{
namespace
{

constexpr Time rollback_deadline = std::chrono::minutes(10);
constexpr Time online_deadline = std::chrono::minutes(1);

void sort(std::vector<Stayed> &stayed)
{
	std::sort(stayed.begin(), stayed.end(),
		  [](const Stayed &a, const Stayed &b) { return a.block < b.block; });
}

/// A request on its way: its job, then the jobs that put back what must not stay.
class Running : public std::enable_shared_from_this<Running>
{
public:
	Running(Engine &engine, const Sysfs &sysfs, Plan plan, RequestCallbacks callbacks)
		: engine_(engine), sysfs_(sysfs), plan_(std::move(plan)),
		  callbacks_(std::move(callbacks)), started_(Loop::now())
	{
		assistant_ = std::make_shared<Assistant>(engine_, sysfs_, plan_.terms.assist,
							 plan_.lowered, callbacks_.lowered);
		report_.change = plan_.request.change;
		report_.block_size = sysfs_.block_size();
		report_.already = plan_.already;
		report_.left_to_host = plan_.left_to_host;
		for (const auto &part : plan_.parts)
			zones_[part.block] = part.zone;
	}

	Engine::JobId begin()
	{
		if (plan_.resumed)
			look_what_is_left();
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
	void put_back(const std::vector<Block> &blocks, const std::vector<Block> &all,
		      OnlineType type);
	void came_back(const Job &job, const Attempted &attempted);
	void put_back_ended(const Job &job);
	void finish();
	void report();

	Engine &engine_;
	const Sysfs &sysfs_;
	Plan plan_;
	RequestCallbacks callbacks_;
	Time started_;
	std::shared_ptr<Assistant> assistant_;
	Report report_;
	std::map<uint64_t, Zone> zones_; ///< where each block was
	std::set<uint64_t> taken_;	 ///< blocks that this request has taken offline
	size_t to_come_back_ = 0;
	size_t jobs_ = 0; ///< that put back
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
		if (went(part))
			taken_.insert(part.block);
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
	if (!online && attempted.ours)
		taken_.insert(attempted.block);
	if (!online && attempted.zone != Zone::none)
		zones_[attempted.block] = attempted.zone;
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
				stayed.zone = to_string(zones_[record.block]);
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
	const bool suspended = callbacks_.suspended && callbacks_.suspended();
	if (unwanted && !suspended && !taken_.empty())
		roll_back();
	else
		finish();
}

void Running::roll_back()
{
	to_come_back_ = taken_.size();
	if (callbacks_.progress) {
		Progress progress;
		progress.goal = to_come_back_;
		progress.rolling_back = true;
		callbacks_.progress(progress);
	}
	// Until they are back, they are where they are.
	report_.done.assign(taken_.begin(), taken_.end());
	const auto all = sysfs_.scan();
	if (!all) {
		log::error("what was taken offline cannot be put back: {}", all.error().message);
		finish();
		return;
	}
	report_.done.clear();
	std::vector<Block> movable;
	std::vector<Block> kernel;
	for (const auto &block : *all)
		if (taken_.count(block.number) != 0) {
			report_.done.push_back(block.number);
			(zones_[block.number] == Zone::movable ? movable : kernel).push_back(block);
		}
	jobs_ = 1; // until both are on their way
	put_back(movable, *all, OnlineType::movable);
	put_back(kernel, *all, OnlineType::kernel);
	if (--jobs_ == 0)
		finish();
}

void Running::put_back(const std::vector<Block> &blocks, const std::vector<Block> &all,
		       OnlineType type)
{
	if (blocks.empty())
		return;
	auto arranged = arrange_online(blocks, all, type);
	JobSpec spec;
	spec.change = Change::online;
	spec.type = type;
	spec.keep_type = forgets(type);
	spec.goal = arranged.blocks.size();
	spec.blocks = std::move(arranged.blocks);
	spec.rearrange = std::move(arranged.rearrange);
	spec.deadline = Loop::now() + rollback_deadline;
	spec.attempt_deadline = online_deadline;
	spec.attempt_deadline_max = online_deadline;
	spec.backoff = plan_.terms.backoff;

	Engine::Callbacks callbacks;
	callbacks.attempted = [self = shared_from_this()](const Job &job, const Attempted &one) {
		self->came_back(job, one);
	};
	callbacks.finished = [self = shared_from_this()](const Job &job) {
		self->put_back_ended(job);
	};
	++jobs_;
	engine_.submit(std::move(spec), std::move(callbacks));
}

void Running::came_back(const Job &job, const Attempted &attempted)
{
	if (attempted.outcome.reached) {
		report_.rolled_back.push_back(attempted.block);
		if (attempted.zone != zones_[attempted.block])
			report_.wrong_zone.push_back(attempted.block);
	}
	if (callbacks_.attempted)
		callbacks_.attempted(job.spec().change, attempted);
	if (!callbacks_.progress)
		return;
	auto progress = progress_of(attempted);
	progress.rolling_back = true;
	progress.done = report_.rolled_back.size();
	progress.goal = to_come_back_;
	progress.failed_attempts = report_.failed_attempts + job.failed_attempts();
	callbacks_.progress(progress);
}

void Running::put_back_ended(const Job &job)
{
	for (const auto &record : job.records())
		if (record.standing != Job::Standing::done)
			report_.lost.push_back(stayed_of(record));
	report_.failed_attempts += job.failed_attempts();
	if (--jobs_ == 0)
		finish();
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

Engine::JobId start(Engine &engine, const Sysfs &sysfs, Plan plan, RequestCallbacks callbacks)
{
	return std::make_shared<Running>(engine, sysfs, std::move(plan), std::move(callbacks))
		->begin();
}

} // namespace memhp
