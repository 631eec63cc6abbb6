// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/put_back.h"

#include <memory>
#include <utility>

#include "core/offline/select.h"

namespace memhp
{
namespace
{

constexpr Time rollback_deadline = std::chrono::minutes(10);
constexpr Time online_deadline = std::chrono::minutes(1);

/// A job for each kind of zone.
class PuttingBack : public std::enable_shared_from_this<PuttingBack>
{
public:
	PuttingBack(Engine &engine, const Returning &returning, CameBack attempted,
		    std::function<void(const BroughtBack &)> finished)
		: engine_(engine), returning_(returning), attempted_(std::move(attempted)),
		  finished_(std::move(finished))
	{
	}

	void begin(const std::vector<Block> &all)
	{
		std::vector<Block> movable;
		std::vector<Block> kernel;
		for (const auto &block : all) {
			const auto found = returning_.blocks.find(block.number);
			if (found == returning_.blocks.end() || found->second.inode != block.inode)
				continue;
			so_far_.asked.push_back(block.number);
			(found->second.zone == Zone::movable ? movable : kernel).push_back(block);
		}
		jobs_ = 1; // until both are on their way
		submit(movable, all, OnlineType::movable);
		submit(kernel, all, OnlineType::kernel);
		ended();
	}

private:
	void submit(const std::vector<Block> &blocks, const std::vector<Block> &all,
		    OnlineType type)
	{
		if (blocks.empty())
			return;
		auto arranged = arrange_online(blocks, all, type);
		JobSpec spec;
		spec.change = Change::online;
		spec.type = type;
		spec.keep_type = returning_.keep_type;
		spec.goal = arranged.blocks.size();
		spec.blocks = std::move(arranged.blocks);
		spec.rearrange = std::move(arranged.rearrange);
		spec.deadline = Loop::now() + rollback_deadline;
		spec.attempt_deadline = online_deadline;
		spec.attempt_deadline_max = online_deadline;
		spec.backoff = returning_.backoff;

		Engine::Callbacks callbacks;
		callbacks.attempted = [self = shared_from_this()](const Job &job,
								  const Attempted &one) {
			self->came_back(job, one);
		};
		callbacks.finished = [self = shared_from_this()](const Job &job) {
			self->failed_before_ += job.failed_attempts();
			self->so_far_.failed_attempts = self->failed_before_;
			for (const auto &record : job.records())
				if (record.standing != Job::Standing::done)
					self->so_far_.lost.push_back(stayed_of(record));
			self->ended();
		};
		++jobs_;
		engine_.submit(std::move(spec), std::move(callbacks));
	}

	void came_back(const Job &job, const Attempted &attempted)
	{
		if (attempted.outcome.reached) {
			so_far_.back.push_back(attempted.block);
			if (attempted.zone != returning_.blocks.at(attempted.block).zone)
				so_far_.wrong_zone.push_back(attempted.block);
		}
		so_far_.failed_attempts = failed_before_ + job.failed_attempts();
		attempted_(attempted, so_far_);
	}

	void ended()
	{
		if (--jobs_ == 0)
			finished_(so_far_);
	}

	Engine &engine_;
	Returning returning_;
	CameBack attempted_;
	std::function<void(const BroughtBack &)> finished_;
	BroughtBack so_far_;
	uint64_t failed_before_ = 0; ///< of jobs that have ended
	size_t jobs_ = 0;
};

} // namespace

Result<void> put_back(Engine &engine, const Sysfs &sysfs, const Returning &returning,
		      CameBack attempted, std::function<void(const BroughtBack &)> finished)
{
	const auto all = sysfs.scan();
	if (!all)
		return fail(all.error());
	std::make_shared<PuttingBack>(engine, returning, std::move(attempted), std::move(finished))
		->begin(*all);
	return {};
}

} // namespace memhp
