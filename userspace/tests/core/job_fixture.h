// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cerrno>
#include <deque>
#include <map>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "core/offline/retry.h"

namespace memhp
{

/// How the fake kernel answers one write.
struct Answer {
	int error = 0;
	bool hangs = false; ///< until it is killed at the attempt's deadline
	bool preempted = false;
	bool by_another_hand = false; ///< fails, but the block is in the wanted state after it
	bool kernel_zone = false;
	Time took = Time(1);
};

inline Answer fails(int error)
{
	Answer answer;
	answer.error = error;
	return answer;
}

inline Answer hangs()
{
	Answer answer;
	answer.hangs = true;
	return answer;
}

/// A job on a fake kernel with a fake clock: answers each block's writes from its list, then with
/// success.
class Machine
{
public:
	explicit Machine(JobSpec spec) : job(std::move(spec)) {}

	/// One step; false when the job has finished.
	bool step()
	{
		const auto next = job.next(now, guard);
		if (const auto *wait = std::get_if<Job::Wait>(&next)) {
			EXPECT_GT(wait->until, now);
			waits.push_back(wait->until - now);
			now = wait->until;
			return true;
		}
		if (std::holds_alternative<Job::Help>(next)) {
			helped.push_back(order.size());
			return true;
		}
		const auto *attempt = std::get_if<Job::Attempt>(&next);
		if (!attempt)
			return false;
		order.push_back(attempt->block);
		deadlines.push_back(attempt->deadline);
		longest.push_back(attempt->longest);
		auto &script = answers[attempt->block];
		Answer answer;
		if (!script.empty()) {
			answer = script.front();
			script.pop_front();
		}
		Outcome outcome;
		outcome.error = answer.hangs || answer.preempted ? EINTR : answer.error;
		outcome.killed = answer.hangs;
		outcome.preempted = answer.preempted;
		outcome.took = answer.hangs ? attempt->deadline : answer.took;
		outcome.kernel_zone = answer.kernel_zone;
		outcome.reached = outcome.error == 0 || answer.by_another_hand;
		now += outcome.took;
		job.result(attempt->block, outcome, now);
		return true;
	}

	void run(size_t limit = 1000)
	{
		while (limit-- > 0)
			if (!step())
				return;
		FAIL() << "the job does not end";
	}

	const Job::BlockRecord &record(uint64_t block) const
	{
		for (const auto &record : job.records())
			if (record.block == block)
				return record;
		throw std::out_of_range("no such block");
	}

	Job job;
	Job::Guard guard; ///< nothing speaks against an attempt where empty
	std::map<uint64_t, std::deque<Answer>> answers;
	Time now = std::chrono::hours(1);
	std::vector<uint64_t> order;
	std::vector<Time> deadlines;
	std::vector<Time> longest;
	std::vector<Time> waits;
	std::vector<size_t> helped; ///< after so many attempts
};

inline JobSpec offline_of(std::vector<uint64_t> blocks)
{
	JobSpec spec;
	spec.change = Change::offline;
	spec.goal = blocks.size();
	spec.blocks = std::move(blocks);
	spec.backoff.jitter = 0;
	return spec;
}

inline JobSpec online_of(std::vector<uint64_t> blocks)
{
	auto spec = offline_of(std::move(blocks));
	spec.change = Change::online;
	return spec;
}

} // namespace memhp
