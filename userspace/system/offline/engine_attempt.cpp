// SPDX-License-Identifier: GPL-2.0-only
// How the engine carries out an attempt: what it orders, and what it makes of the answer.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "core/offline/headway.h"
#include "system/base/log.h"
#include "system/offline/engine.h"
#include "system/offline/outcome.h"

namespace memhp
{
bool Engine::attempt(const std::shared_ptr<Entry> &entry, const Job::Attempt &todo)
{
	const auto &spec = entry->job.spec();
	if (spec.change == Change::offline || !spec.keep_type)
		return change(entry, todo);

	Attempted attempted;
	attempted.block = todo.block;
	// Somebody else may have done it, or the block may be gone, since the job was made.
	const auto state = sysfs_.state(todo.block);
	if (state && *state == BlockState::online) {
		attempted.outcome.reached = true;
		attempted.zone = sysfs_.zone(todo.block).value_or(Zone::none);
		keep_type(entry, attempted);
		return true;
	}
	if (!state || spec.only_keep_type) {
		attempted.outcome.error =
			state || gone(state.error()) ? ENOENT : state.error().code.value();
		conclude(entry, attempted);
		return false;
	}

	running_ = todo.block;
	running_job_ = entry->id;
	running_offline_ = false;
	writer_.write(
		Sysfs::state_path(todo.block), std::string(to_string(spec.type)), todo.deadline,
		[this, entry, attempted](const Writer::Outcome &written) mutable {
			auto &outcome = attempted.outcome;
			outcome.error = written.error;
			outcome.took = written.took;
			outcome.killed = written.killed;
			// After a failed write too: if the wanted state holds, it is done.
			const auto after = sysfs_.present(attempted.block);
			outcome.reached = after && after->state == BlockState::online;
			// After a failed write that nobody interrupted somebody else did it.
			attempted.ours = outcome.reached && (outcome.error == 0 || written.killed);
			if (outcome.reached)
				attempted.zone = after->zone;
			else if (stage_of_)
				outcome.stage = stage_of_(attempted.block);
			running_.reset();
			if (watch_)
				watch_(Change::online, attempted);
			if (outcome.reached) {
				keep_type(entry, attempted);
				return;
			}
			conclude(entry, attempted);
			wake();
		});
	return true;
}

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

bool Engine::change(const std::shared_ptr<Entry> &entry, const Job::Attempt &todo)
{
	const auto &spec = entry->job.spec();
	const bool online = spec.change == Change::online;
	auto most = spec.one_by_one ? 1
		    : spec.limits   ? std::min<uint64_t>(Writer::most_blocks, room_)
				    : Writer::most_blocks;
	if (entry->callbacks.permit) {
		const auto permit = entry->callbacks.permit(todo.block);
		if (!permit.refusal.empty()) {
			log::warning("block {} stays online: {}", todo.block, permit.refusal);
			Attempted attempted;
			attempted.block = todo.block;
			attempted.outcome.error = EPERM;
			attempted.outcome.stage = claimed_stage;
			conclude(entry, attempted);
			return false;
		}
		if (permit.more < most)
			most = permit.more + 1;
	}
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
	return true;
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

void Engine::keep_type(const std::shared_ptr<Entry> &entry, const Attempted &attempted)
{
	const auto &spec = entry->job.spec();
	running_ = attempted.block;
	running_offline_ = false;
	writer_.write(Sysfs::state_path(attempted.block), std::string(to_string(spec.type)),
		      spec.attempt_deadline, [this, entry, attempted](const Writer::Outcome &) {
			      running_.reset();
			      conclude(entry, attempted);
			      wake();
		      });
}

} // namespace memhp
