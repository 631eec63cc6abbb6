// SPDX-License-Identifier: GPL-2.0-only
#include "system/request.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include <fmt/format.h>

namespace memhp
{
namespace
{

/// What a running request gathers beside its job.
struct Running {
	Report report;
	Time started{};
	std::map<uint64_t, Zone> zones; ///< of blocks tried
	RequestCallbacks callbacks;
};

void tell(const Running &running, const Job &job, Progress progress)
{
	if (!running.callbacks.progress)
		return;
	progress.done = job.done();
	progress.goal = job.spec().goal;
	progress.failed_attempts = job.failed_attempts();
	progress.waiting = job.held() ? job.held()->text : "";
	running.callbacks.progress(progress);
}

void note(Running &running, const Job &job, const Attempted &attempted)
{
	const auto &outcome = attempted.outcome;
	running.zones[attempted.block] = attempted.zone;
	if (outcome.reached && job.spec().change == Change::online &&
	    !right_zone(job.spec().type, attempted.zone))
		running.report.wrong_zone.push_back(attempted.block);
	if (running.callbacks.attempted)
		running.callbacks.attempted(job.spec().change, attempted);
	Progress progress;
	progress.block = attempted.block;
	progress.reached = outcome.reached;
	progress.error = outcome.error;
	progress.killed = outcome.killed;
	progress.stage = outcome.stage;
	tell(running, job, std::move(progress));
}

void conclude(Running &running, const Job &job)
{
	auto &report = running.report;
	for (const auto &record : job.records()) {
		if (record.standing == Job::Standing::done ||
		    (record.standing == Job::Standing::gone && report.change == Change::offline)) {
			report.done.push_back(record.block);
		} else if (record.failures > 0 || record.standing == Job::Standing::gone ||
			   job.missing() > 0) {
			// One that was never tried and was not needed has not "stayed".
			Stayed stayed;
			stayed.block = record.block;
			stayed.error =
				record.standing == Job::Standing::gone ? ENODEV : record.error;
			stayed.killed = record.killed;
			stayed.attempts = record.failures;
			stayed.stage = record.stage;
			const auto zone = running.zones.find(record.block);
			if (zone != running.zones.end() && report.change == Change::offline)
				stayed.zone = to_string(zone->second);
			report.stayed.push_back(std::move(stayed));
		}
	}
	std::sort(report.done.begin(), report.done.end());
	std::sort(report.wrong_zone.begin(), report.wrong_zone.end());
	std::sort(report.stayed.begin(), report.stayed.end(),
		  [](const Stayed &a, const Stayed &b) { return a.block < b.block; });
	report.failed_attempts = job.failed_attempts();
	report.timed_out = job.timed_out();
	report.cancelled = job.cancelled();
	report.waiting = job.held() ? job.held()->text : "";
	report.took = Loop::now() - running.started;
	running.callbacks.finished(report);
}

} // namespace

std::string reason(const Stayed &stayed)
{
	if (stayed.attempts == 0 && stayed.error == 0)
		return "not tried";
	std::string text = stayed.killed
				   ? "no end within its attempt deadline: a page in it is held"
				   : strerror(stayed.error);
	if (!stayed.stage.empty())
		text += fmt::format(" (failed at stage {})", stayed.stage);
	if (is_kernel_zone(parse_zone(stayed.zone).value_or(Zone::none)))
		text += fmt::format(", zone {}: the kernel's own memory may be in it", stayed.zone);
	return text;
}

Result<Selection> select(const Sysfs &sysfs, const ChangeRequest &request)
{
	const auto target = parse_target(request.target);
	if (!target)
		return fail(target.error());
	const auto blocks = sysfs.scan();
	if (!blocks)
		return fail(blocks.error());
	if (request.change == Change::online)
		return select_online(*target, *blocks, sysfs.block_size(), request.type);
	return select_offline(*target, *blocks, sysfs.block_size(), request.force);
}

Config::Offline terms_of(const ChangeRequest &request, Config::Offline config)
{
	config.deadline = request.deadline.value_or(config.deadline);
	config.attempt_deadline = request.attempt_deadline.value_or(config.attempt_deadline);
	config.limits.min_free = request.min_free.value_or(config.limits.min_free);
	return config;
}

Result<Engine::JobId> start(Engine &engine, const Sysfs &sysfs, const ChangeRequest &request,
			    const Config::Offline &terms, RequestCallbacks callbacks)
{
	const auto selection = select(sysfs, request);
	if (!selection)
		return fail(selection.error());

	const auto running = std::make_shared<Running>();
	running->started = Loop::now();
	running->callbacks = std::move(callbacks);
	running->report.change = request.change;
	running->report.block_size = sysfs.block_size();
	running->report.goal = selection->goal;
	running->report.already = selection->already;
	running->report.left_to_host = selection->left_to_host;

	JobSpec spec;
	spec.change = request.change;
	spec.type = request.type;
	spec.blocks = selection->blocks;
	spec.rearrange = selection->rearrange;
	spec.goal = selection->goal;
	spec.deadline = running->started + terms.deadline;
	spec.attempt_deadline = terms.attempt_deadline;
	spec.backoff = terms.backoff;
	spec.seed = static_cast<unsigned>(running->started.count());

	if (request.change == Change::offline)
		spec.limits = terms.limits;

	Engine::Callbacks of_job;
	of_job.attempted = [running](const Job &job, const Attempted &attempted) {
		note(*running, job, attempted);
	};
	of_job.held = [running](const Job &job) { tell(*running, job, {}); };
	of_job.finished = [running](const Job &job) { conclude(*running, job); };
	return engine.submit(std::move(spec), std::move(of_job));
}

} // namespace memhp
