// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/borrow.h"

#include <cstring>
#include <utility>

#include "system/base/log.h"
#include "system/memory/pages.h"

namespace memhp
{
namespace
{

/// A free block goes within some 10 ms, on a slow and busy machine ten times that. What takes
/// longer than this costs more than it brings.
constexpr Time attempt_deadline = std::chrono::seconds(1);
constexpr Time patience = std::chrono::milliseconds(100);

/// Its pages are all free, as far as a sample tells, and none is broken: such a block could not
/// come back.
bool is_free(const Sysfs &sysfs, uint64_t block)
{
	const auto poisoned = poisoned_blocks(sysfs.root_fd(), sysfs.block_size(), {block});
	const auto costs = block_costs(sysfs.root_fd(), sysfs.block_size(), {block}, patience);
	const auto cost = costs.find(block);
	return poisoned && poisoned->empty() && cost != costs.end() && cost->second == 0;
}

} // namespace

bool Borrow::begin(const Block &block, std::function<void()> then)
{
	if (!is_free(sysfs_, block.number))
		return false;
	open_[block.number] = block.inode;
	away_ = false;
	hooks_.moving(block.number, true);
	hooks_.save();

	JobSpec spec;
	spec.change = Change::offline;
	spec.blocks = {block.number};
	spec.goal = 1;
	spec.attempt_deadline = spec.attempt_deadline_max = attempt_deadline;
	// One attempt: it goes, or it is left alone.
	spec.deadline = Loop::now() + 2 * attempt_deadline;
	spec.backoff.initial = spec.backoff.max = 2 * attempt_deadline;
	spec.backoff.jitter = 0;

	Engine::Callbacks callbacks;
	callbacks.attempted = [this](const Job &, const Attempted &attempted) {
		if (attempted.outcome.reached && attempted.ours)
			away_ = true;
		else if (attempted.outcome.reached)
			close(attempted.block, Zone::none, true);
	};
	callbacks.finished = [this, number = block.number, then = std::move(then)](const Job &) {
		if (!away_ && busy())
			close(number, Zone::movable, false);
		then();
	};
	engine_.submit(std::move(spec), std::move(callbacks));
	return true;
}

void Borrow::end()
{
	if (std::exchange(away_, false))
		bring_back(open_.begin()->first, OnlineType::movable);
}

void Borrow::bring_back(uint64_t block, OnlineType type)
{
	JobSpec spec;
	spec.change = Change::online;
	spec.type = type;
	spec.blocks = {block};
	spec.goal = 1;
	spec.attempt_deadline = spec.attempt_deadline_max = std::chrono::minutes(1);

	Engine::Callbacks callbacks;
	callbacks.attempted = [this](const Job &, const Attempted &attempted) {
		if (attempted.outcome.reached)
			close(attempted.block, attempted.zone, false);
	};
	callbacks.finished = [this, block, type](const Job &job) {
		const auto &record = job.records().front();
		if (record.standing == Job::Standing::done)
			return;
		if (record.standing == Job::Standing::hopeless && type != OnlineType::by_default) {
			bring_back(block, OnlineType::by_default);
			return;
		}
		if (record.standing == Job::Standing::hopeless)
			log::error("block {} was taken offline by online.borrow, and cannot come "
				   "back: {}",
				   block, strerror(record.error));
		close(block, Zone::none, false);
	};
	engine_.submit(std::move(spec), std::move(callbacks));
}

void Borrow::close(uint64_t block, Zone zone, bool by_another)
{
	hooks_.moving(block, false);
	open_.erase(block);
	hooks_.back(block, zone, by_another);
}

} // namespace memhp
