// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/rezone.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "system/base/log.h"

namespace memhp
{

void Rezone::configure(const Limits &limits, bool keep_type)
{
	limits_ = limits;
	keep_type_ = keep_type;
	gave_up_.clear();
}

bool Rezone::gave_up(const Block &block) const
{
	const auto found = gave_up_.find(block.number);
	return found != gave_up_.end() && found->second == block.inode;
}

void Rezone::move(const std::string &device, const std::vector<Block> &blocks,
		  JobSpec::Rearrange rearrange, uint64_t block_size)
{
	JobSpec spec;
	spec.change = Change::offline;
	for (const auto &block : blocks) {
		spec.blocks.push_back(block.number);
		open_[block.number] = block.inode;
		hooks_.moving(block.number, true);
	}
	spec.goal = spec.blocks.size();
	spec.one_by_one = true;
	spec.rearrange = std::move(rearrange);
	spec.deadline = Loop::now() + limits_.deadline;
	spec.attempt_deadline = limits_.attempt_deadline;
	spec.backoff = limits_.backoff;
	spec.seed = static_cast<unsigned>(Loop::now().count());
	device_ = device;
	block_size_ = block_size;
	hooks_.save();

	Engine::Callbacks callbacks;
	callbacks.attempted = [this](const Job &, const Attempted &attempted) {
		if (!attempted.outcome.reached)
			return;
		if (attempted.ours)
			bring_back(attempted.block, OnlineType::movable);
		else
			close(attempted.block, Zone::none, true);
	};
	callbacks.finished = [this](const Job &job) { finish_device(job); };
	job_ = engine_.submit(std::move(spec), std::move(callbacks));
}

void Rezone::resume(const std::map<uint64_t, uint64_t> &blocks, OnlineType type)
{
	for (const auto &[block, inode] : blocks) {
		open_[block] = inode;
		hooks_.moving(block, true);
		bring_back(block, type);
	}
}

void Rezone::bring_back(uint64_t block, OnlineType type)
{
	JobSpec spec;
	spec.change = Change::online;
	spec.type = type;
	spec.keep_type = keep_type_;
	spec.blocks = {block};
	spec.goal = 1;
	spec.attempt_deadline = std::chrono::minutes(1);
	spec.attempt_deadline_max = std::chrono::minutes(1);

	Engine::Callbacks callbacks;
	callbacks.attempted = [this](const Job &, const Attempted &attempted) {
		if (attempted.outcome.reached)
			close(attempted.block, attempted.zone, false);
		else if (!device_.empty())
			engine_.cancel(job_);
	};
	callbacks.finished = [this, block, type](const Job &job) {
		const auto &record = job.records().front();
		if (record.standing == Job::Standing::done)
			return;
		if (record.standing == Job::Standing::hopeless && type != OnlineType::by_default) {
			log::warning("block {} cannot come back as {}: {}; trying any zone", block,
				     to_string(type), strerror(record.error));
			bring_back(block, OnlineType::by_default);
			return;
		}
		if (record.standing == Job::Standing::hopeless)
			log::error("block {} was taken offline to change its zone, and cannot come "
				   "back: {}",
				   block, strerror(record.error));
		close(block, Zone::none, false);
	};
	engine_.submit(std::move(spec), std::move(callbacks));
}

void Rezone::close(uint64_t block, Zone zone, bool by_another)
{
	hooks_.moving(block, false);
	const auto open = open_.extract(block);
	if (open && zone != Zone::movable)
		gave_up_[block] = open.mapped();
	hooks_.moved(block, zone, by_another);
	if (!busy())
		hooks_.done();
}

void Rezone::finish_device(const Job &job)
{
	std::vector<uint64_t> gone;
	std::map<std::string, std::vector<uint64_t>> stayed;
	for (const auto &record : job.records()) {
		if (record.standing == Job::Standing::done) {
			gone.push_back(record.block);
			continue;
		}
		const auto open = open_.find(record.block);
		if (open != open_.end()) {
			// A job that was cancelled has said nothing about the block.
			if (!job.cancelled())
				gave_up_[record.block] = open->second;
			hooks_.moving(record.block, false);
			open_.erase(open);
		}
		if (record.standing != Job::Standing::gone)
			stayed[record.error ? strerror(record.error) : "not tried"].push_back(
				record.block);
	}
	std::sort(gone.begin(), gone.end());
	if (!gone.empty())
		log::info("online.rezone: {} blocks ({}) of {} taken out of the kernel zone: {}",
			  gone.size(), format_size(gone.size() * block_size_), device_,
			  format_ranges(gone));
	for (auto &[why, numbers] : job.cancelled() ? decltype(stayed)() : stayed) {
		std::sort(numbers.begin(), numbers.end());
		log::warning("online.rezone: blocks {} of {} stay in the kernel zone: {}",
			     format_ranges(numbers), device_, why);
	}
	device_.clear();
	hooks_.save();
	if (!busy())
		hooks_.done();
}

} // namespace memhp
