// SPDX-License-Identifier: GPL-2.0-only
// Changes, which the writer takes as a list.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/headway.h"
#include "system/engine.h"
#include "system/load.h"

namespace memhp
{

Writer::Extension Engine::while_it_gets_on(const Job::Attempt &todo) const
{
	auto headway = std::make_shared<std::optional<Headway>>();
	const auto gets_on = [root = sysfs_.root_fd(), headway] {
		const auto moved = moved_pages(root);
		if (*headway)
			return (*headway)->look(moved, Loop::now());
		headway->emplace(moved, Loop::now());
		return false;
	};
	return {headway_interval(todo.deadline), todo.longest, gets_on};
}

void Engine::change(const std::shared_ptr<Entry> &entry, const Job::Attempt &todo)
{
	const auto &spec = entry->job.spec();
	const bool online = spec.change == Change::online;
	const auto most = spec.one_by_one ? 1
			  : spec.limits	  ? std::min<uint64_t>(Writer::most_blocks, room_)
					  : Writer::most_blocks;
	std::vector<uint64_t> blocks = {todo.block};
	for (const auto block : entry->job.following(static_cast<size_t>(most - 1)))
		blocks.push_back(block);
	running_job_ = entry->id;
	running_offline_ = !online;
	const auto ended = std::make_shared<size_t>(0);
	writer_.change(
		blocks, std::string(online ? to_string(spec.type) : "offline"), todo.deadline,
		[this, entry, ended](const Writer::Changed &one) {
			++*ended;
			changed(entry, one, {});
		},
		[this, entry, blocks, ended](const Writer::Outcome &order) {
			running_offline_ = false;
			if (order.error != 0 && *ended < blocks.size()) {
				Writer::Changed last{};
				last.block = blocks[*ended];
				changed(entry, last, order);
			}
			preempting_ = false;
			wake();
		},
		online ? std::nullopt : std::optional(while_it_gets_on(todo)));
}

void Engine::changed(const std::shared_ptr<Entry> &entry, const Writer::Changed &result,
		     const Writer::Outcome &order)
{
	const auto change = entry->job.spec().change;
	const bool online = change == Change::online;
	const auto wanted = online ? BlockState::online : BlockState::offline;
	Attempted attempted;
	attempted.block = result.block;
	auto &outcome = attempted.outcome;
	outcome.error = result.write_error;
	outcome.took = std::chrono::duration_cast<Time>(std::chrono::nanoseconds(result.took_ns));
	outcome.reached = result.read_error == 0 && result.state == wanted;
	attempted.zone = result.zone;
	bool wrote = result.wrote;
	if (result.read_error != 0)
		outcome.error = result.read_error == ENODEV ? ENOENT : result.read_error;
	if (order.error != 0) {
		// Nobody else knows how far it came.
		const auto after = sysfs_.present(result.block);
		wrote = true;
		outcome.error = order.error;
		outcome.preempted = order.killed && preempting_;
		outcome.killed = order.killed && !outcome.preempted;
		outcome.took = order.took;
		outcome.reached = after && after->state == wanted;
		attempted.zone = after ? after->zone : Zone::none;
	}
	outcome.kernel_zone = !online && is_kernel_zone(attempted.zone);
	attempted.ours = wrote && outcome.reached && (outcome.error == 0 || order.killed);
	if (wrote && !outcome.reached && stage_of_)
		outcome.stage = stage_of_(attempted.block);
	if (wrote && watch_)
		watch_(change, attempted);
	conclude(entry, attempted);
}

} // namespace memhp
