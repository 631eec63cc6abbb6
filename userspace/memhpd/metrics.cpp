// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/metrics.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "system/advice/measure.h"
#include "system/base/fd.h"
#include "system/base/log.h"

namespace memhp
{
namespace
{

constexpr unsigned readable_for_all = 0644;

/// What is wrong, and what to do about it.
std::string advice(const std::string &file, const Error &error)
{
	const auto directory = std::filesystem::path(file).parent_path().string();
	if (error.code == std::errc::no_such_file_or_directory)
		return fmt::format("{}: there is no directory {}", file, directory);
	if (error.code == std::errc::read_only_file_system)
		return fmt::format("{}: memhpd's unit may not write there; add "
				   "ReadWritePaths={} to it (systemctl edit memhpd)",
				   file, directory);
	return error.message;
}

} // namespace

Metrics::Metrics(Parts parts) : parts_(parts), start_time_(static_cast<uint64_t>(time(nullptr))) {}

void Metrics::configure()
{
	const auto &wanted = parts_.config.config().metrics.textfile;
	if (wanted != file_) {
		remove();
		problem_.clear();
		file_ = wanted;
		refresh_ = Refresh();
	}
	changed();
}

void Metrics::stop()
{
	timer_.reset();
	remove();
}

void Metrics::count(Change change, const Attempted &attempted)
{
	attempts_.count(change, attempted.outcome);
	changed();
}

void Metrics::changed()
{
	const auto due = refresh_.due();
	refresh_.changed(Loop::now());
	if (!file_.empty() && (!timer_ || refresh_.due() != due))
		arm();
}

Result<std::string> Metrics::text() const
{
	parts_.drain();
	parts_.view.look();
	auto measures =
		parts_.view.verified()
			? Result<Measures>(measure(parts_.sysfs, parts_.kmod, parts_.view.tally()))
			: measure(parts_.sysfs, parts_.kmod);
	if (!measures)
		return fail(measures.error());

	const auto &counters = parts_.onliner.counters();
	DaemonMeasures daemon;
	daemon.start_time = start_time_;
	daemon.config_good = parts_.config.mistakes().empty();
	daemon.attempts = attempts_;
	for (const auto change : {Change::online, Change::offline})
		daemon.requests[change] = parts_.engine.jobs(change);
	daemon.pending = parts_.onliner.pending();
	daemon.deliberate = parts_.onliner.ledger().deliberate();
	daemon.gave_up = counters.gave_up;
	daemon.wrong_zone = counters.wrong_zone;
	daemon.misplaced = parts_.onliner.misplaced().size();
	daemon.moved = counters.rezoned;
	daemon.beyond_ratio = counters.beyond_ratio;
	daemon.beyond = ratio_state(parts_.onliner.policy(), measures->count).standing !=
			RatioState::Standing::within;
	daemon.lost_uevents = counters.lost_events;
	daemon.scans = counters.scans;
	daemon.worker_hung = parts_.writer.stuck();
	daemon.settled = parts_.settled.count();
	const auto &unplugs = parts_.unplugger.counters();
	daemon.unplugs = {
		{"asked", unplugs.asked}, {"done", unplugs.ejected}, {"given-up", unplugs.gave_up}};
	daemon.unplugs_pending = parts_.unplugger.views().size();
	daemon.stuck = parts_.kernel_watch.stuck().has_value();
	measures->daemon = std::move(daemon);
	return to_text(metrics_of(*measures));
}

void Metrics::arm()
{
	timer_ = parts_.loop.timer(refresh_.due(), [this] {
		write();
		arm();
	});
}

void Metrics::write()
{
	refresh_.written(Loop::now());
	const auto content = text();
	const auto written = content ? replace_file(AT_FDCWD, file_, *content, readable_for_all)
				     : fail(content.error());
	auto problem = written ? std::string() : advice(file_, written.error());
	if (!problem.empty() && problem != problem_)
		log::warning("metrics are not written: {}", problem);
	else if (problem.empty() && !problem_.empty())
		log::info("metrics are written to {} again", file_);
	problem_ = std::move(problem);
	ours_ = ours_ || problem_.empty();
}

void Metrics::remove()
{
	timer_.reset();
	if (std::exchange(ours_, false))
		unlink(file_.c_str());
}

} // namespace memhp
