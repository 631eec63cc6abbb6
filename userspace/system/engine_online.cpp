// SPDX-License-Identifier: GPL-2.0-only
// Onlines, which the writer takes as a list.
#include <cerrno>
#include <string>
#include <vector>

#include "system/engine.h"

namespace memhp
{

void Engine::online(const std::shared_ptr<Entry> &entry, const Job::Attempt &todo)
{
	std::vector<uint64_t> blocks = {todo.block};
	for (const auto block : entry->job.following(Writer::most_blocks - 1))
		blocks.push_back(block);
	running_job_ = entry->id;
	running_offline_ = false;
	writer_.online(blocks, std::string(to_string(entry->job.spec().type)), todo.deadline,
		       [this, entry, blocks](const std::vector<Writer::Onlined> &ended,
					     const Writer::Outcome &order) {
			       for (const auto &one : ended)
				       onlined(entry, one, {});
			       if (order.error != 0 && ended.size() < blocks.size()) {
				       Writer::Onlined last{};
				       last.block = blocks[ended.size()];
				       onlined(entry, last, order);
			       }
			       wake();
		       });
}

void Engine::onlined(const std::shared_ptr<Entry> &entry, const Writer::Onlined &result,
		     const Writer::Outcome &order)
{
	Attempted attempted;
	attempted.block = result.block;
	auto &outcome = attempted.outcome;
	outcome.error = result.write_error;
	outcome.took = std::chrono::duration_cast<Time>(std::chrono::nanoseconds(result.took_ns));
	outcome.reached = result.state == BlockState::online;
	attempted.zone = result.zone;
	bool wrote = result.wrote;
	if (result.read_error != 0)
		outcome.error = result.read_error == ENODEV ? ENOENT : result.read_error;
	if (order.error != 0) {
		// Nobody else knows how far it came.
		const auto after = sysfs_.present(result.block);
		wrote = true;
		outcome.error = order.error;
		outcome.killed = order.killed;
		outcome.took = order.took;
		outcome.reached = after && after->state == BlockState::online;
		attempted.zone = outcome.reached ? after->zone : Zone::none;
	}
	attempted.ours = wrote && outcome.reached && (outcome.error == 0 || outcome.killed);
	if (wrote && !outcome.reached && stage_of_)
		outcome.stage = stage_of_(attempted.block);
	if (wrote && watch_)
		watch_(Change::online, attempted);
	conclude(entry, attempted);
}

} // namespace memhp
