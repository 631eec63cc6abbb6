// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <csignal>
#include <cstring>
#include <iostream>
#include <optional>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/units.h"
#include "core/memory/target.h"
#include "core/show/progress_bar.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/kernel/kmod.h"
#include "system/offline/report.h"
#include "system/offline/writer.h"
#include "system/varlink/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// A bar on a terminal that is written over at each step; elsewhere a line when a wait begins.
class ProgressLine
{
public:
	explicit ProgressLine(bool wanted) : live_(wanted && terminal_of(STDERR_FILENO).interactive)
	{
	}
	~ProgressLine()
	{
		if (shown_)
			fmt::print(stderr, "\r\033[K");
	}

	void show(const Progress &progress)
	{
		if (!live_) {
			if (!progress.block && !progress.waiting.empty())
				print_note(fmt::format("waiting, {} of {} blocks done: {}",
						       progress.done, progress.goal,
						       progress.waiting));
			return;
		}
		// What it puts back has a time of its own.
		if (!shown_ || progress.rolling_back != rolling_back_)
			begun_ = Loop::now();
		rolling_back_ = progress.rolling_back;
		shown_ = true;
		BarState state{progress.done, progress.goal, Loop::now() - begun_,
			       progress.rolling_back ? "putting back"
			       : progress.ejecting   ? "ejecting"
						     : "",
			       ""};
		if (!progress.waiting.empty())
			state.note = "waiting: " + progress.waiting;
		else if (progress.block && !progress.reached)
			state.note = fmt::format("block {}: {}", *progress.block,
						 progress.killed ? "no end in time, again later"
								 : strerror(progress.error));
		// The window may have another size by now.
		fmt::print(stderr, "\r\033[K{}",
			   progress_bar(state, terminal_of(STDERR_FILENO).line));
		std::fflush(stderr);
	}

private:
	const bool live_;
	bool shown_ = false;
	bool rolling_back_ = false;
	Time begun_{};
};

/// What came of a request: its report, or its number where nobody waits for that.
using End = std::variant<Report, uint64_t>;

/// Carried out by memhpd; closing the connection (Ctrl-C) cancels it there.
Result<End> through_daemon(varlink::Client &client, const ChangeOptions &options,
			   ProgressLine &line)
{
	auto parameters = to_json(options.request);
	if (options.no_wait)
		parameters["detach"] = true;
	const auto *method =
		options.request.change == Change::online ? "io.memhp.Online" : "io.memhp.Offline";
	const auto answer = client.call(method, parameters, [&](const json &values) {
		const auto progress = progress_from_json(values.value("progress", json::object()));
		if (progress)
			line.show(*progress);
	});
	if (!answer)
		return fail(answer.error());
	if (options.no_wait)
		return End(answer->value("id", uint64_t{0}));
	const auto report = report_from_json(answer->value("report", json::object()));
	if (!report)
		return fail(report.error());
	return End(*report);
}

/// Carried out here, by the daemon's engine and its configuration.
Result<End> by_ourselves(const Globals &globals, const Sysfs &sysfs, const ChangeOptions &options,
			 ProgressLine &line)
{
	const auto config = load_config(globals.config());
	if (!config)
		print_note(fmt::format("the defaults are used: {}", config.error().front()));
	const auto file = config.value_or(std::nullopt).value_or(Config()).offline;
	Loop loop;
	Writer writer(loop, sysfs.root_fd());
	Engine engine(loop, sysfs, writer);
	const Kmod kmod(sysfs.root_fd());
	engine.set_stage_of([&](uint64_t block) { return kmod.last_stage(block); });

	std::optional<Report> report;
	RequestCallbacks callbacks;
	callbacks.progress = [&](const Progress &progress) { line.show(progress); };
	callbacks.finished = [&](const Report &result) {
		report = result;
		loop.quit(0);
	};
	auto plan = make_plan(sysfs, options.request, terms_of(options.request, file));
	if (!plan)
		return fail(plan.error());
	const auto job = start(engine, sysfs, std::move(*plan), std::move(callbacks));
	const auto on_int = loop.signal(SIGINT, [&] { engine.cancel(job); });
	const auto on_term = loop.signal(SIGTERM, [&] { engine.cancel(job); });
	loop.run();
	return End(report.value_or(Report()));
}

Result<void> get_consent(const Sysfs &sysfs, const ChangeOptions &options)
{
	const auto target = parse_target(options.request.target);
	if (!target || options.yes || options.request.change == Change::online ||
	    !needs_consent(*target))
		return {};
	const auto plan = make_plan(sysfs, options.request, {});
	if (!plan)
		return fail(plan.error());
	const auto size = format_size(plan->goal * sysfs.block_size());
	if (!isatty(STDIN_FILENO))
		return fail_input(
			fmt::format("'{}' is {} of this machine's own memory; add --yes if "
				    "that is meant",
				    target->text, size));
	fmt::print(stderr, "Take {} ({} blocks) offline, '{}'? [y/N] ", size, plan->goal,
		   target->text);
	std::string answer;
	if (!std::getline(std::cin, answer) || (answer != "y" && answer != "Y" && answer != "yes"))
		return fail_input("nothing was done");
	return {};
}

int dry_run(const Globals &globals, const Sysfs &sysfs, const ChangeRequest &request)
{
	const auto plan = make_plan(sysfs, request, {});
	if (!plan)
		return complain(plan.error());
	const auto verb = to_string(request.change);
	std::vector<uint64_t> order;
	for (const auto &part : plan->parts)
		order.push_back(part.block);
	if (globals.json) {
		const json document = {
			{"change", verb},	    {"goal", plan->goal},
			{"order", order},	    {"eject", request.eject},
			{"already", plan->already}, {"left_to_host", plan->left_to_host}};
		fmt::print("{}\n", json_text(document));
		return exit_done;
	}
	fmt::print("would {} {} {} ({})", verb, plan->goal, plan->goal == 1 ? "block" : "blocks",
		   format_size(plan->goal * sysfs.block_size()));
	if (plan->goal > 0)
		fmt::print(", in this order: {}", fmt::join(order, " "));
	fmt::print("{}\n", request.eject ? ", and eject the device" : "");
	return exit_done;
}

int exit_status(const Report &report)
{
	if (!report.complete())
		return report.done.empty() ? exit_failed : exit_partly;
	return report.wrong_zone.empty() ? exit_done : exit_partly;
}

void print_report(const Report &report)
{
	const auto state = to_string(report.change);
	const auto size = [&](size_t blocks) { return format_size(blocks * report.block_size); };

	if (!report.done.empty())
		fmt::print("{}: {} blocks ({}) in {}: {}\n", state, report.done.size(),
			   size(report.done.size()), format_duration(report.took),
			   format_ranges(report.done));
	if (!report.already.empty())
		fmt::print("{} before: {} blocks: {}\n", state, report.already.size(),
			   format_ranges(report.already));
	if (!report.left_to_host.empty())
		fmt::print("left alone: {} blocks of a virtio-mem or balloon device, which the "
			   "host resizes: {}\n",
			   report.left_to_host.size(), format_ranges(report.left_to_host));
	if (report.ejected && report.ejected->done)
		fmt::print("ejected: {}\n", report.ejected->device);
	if (!report.wrong_zone.empty())
		print_note(fmt::format("online, but not in the zone asked for: {}",
				       format_ranges(report.wrong_zone)));
	if (report.complete())
		return;

	if (report.ejected && !report.ejected->done)
		print_note(fmt::format("{} was not ejected: {}", report.ejected->device,
				       report.ejected->reason));
	if (report.done.size() < report.goal)
		print_note(fmt::format("{} of {} blocks are not {}{}",
				       report.goal - report.done.size(), report.goal, state,
				       report.cancelled	  ? ": cancelled"
				       : report.timed_out ? ": the deadline passed"
							  : ""));
	if (!report.waiting.empty())
		print_note(fmt::format("while it waited: {}", report.waiting));
	for (const auto &line : reasons(report.stayed))
		print_note(line);
	if (!report.rolled_back.empty())
		print_note(fmt::format(
			"back online, for {}: {} blocks: {}",
			report.stayed.empty() ? "it is all or nothing" : "not all would go",
			report.rolled_back.size(), format_ranges(report.rolled_back)));
	if (!report.left_to_others.empty())
		print_note(fmt::format(
			"offline all the same, for another request counts on them: {} "
			"blocks: {}",
			report.left_to_others.size(), format_ranges(report.left_to_others)));
	for (const auto &line : reasons(report.lost))
		print_note(fmt::format("NOT back online: {}", line));
}

} // namespace

Result<Report> carry_out(const Globals &globals, const Sysfs &sysfs, const ChangeRequest &request)
{
	ChangeOptions options;
	options.request = request;
	ProgressLine line(false);
	auto client = varlink::Client::connect(globals.socket());
	if (!client && !nobody_there(client.error()))
		return fail(client.error());
	auto end = client ? through_daemon(*client, options, line)
			  : by_ourselves(globals, sysfs, options, line);
	if (!end)
		return fail(end.error());
	return std::get<Report>(std::move(*end));
}

int verb_change(const Globals &globals, const ChangeOptions &options)
{
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	if (options.dry_run)
		return dry_run(globals, *sysfs, options.request);
	if (!globals.live())
		return complain({{},
				 "--sysroot names a recorded tree, which cannot be changed; add "
				 "--dry-run to see what would be done"},
				exit_usage);
	if (geteuid() != 0)
		return complain({{}, "changing memory needs root; run it with sudo"});
	const auto consent = get_consent(*sysfs, options);
	if (!consent)
		return complain(consent.error());

	Result<End> result;
	{
		ProgressLine line(!globals.json);
		auto client = varlink::Client::connect(globals.socket());
		if (client)
			result = through_daemon(*client, options, line);
		else if (!nobody_there(client.error()))
			return complain(client.error());
		else if (options.no_wait)
			return complain({{},
					 "--no-wait needs memhpd to do the work, and it is not "
					 "running (systemctl start memhpd)"});
		else
			result = by_ourselves(globals, *sysfs, options, line);
	}
	if (!result)
		return complain(result.error());
	if (const auto *id = std::get_if<uint64_t>(&*result)) {
		if (globals.json)
			fmt::print("{}\n", json_text({{"id", *id}}));
		else
			fmt::print(
				"left to memhpd as request {0}; see memhpctl status, end it with "
				"memhpctl cancel {0}\n",
				*id);
		return exit_done;
	}
	const auto &report = std::get<Report>(*result);
	if (globals.json)
		fmt::print("{}\n", json_text(to_json(report)));
	else
		print_report(report);
	return exit_status(report);
}

bool nobody_there(const Error &error)
{
	return error.code == std::errc::no_such_file_or_directory ||
	       error.code == std::errc::connection_refused;
}

int complain(const Error &error, int status)
{
	print_note(error.message);
	return status;
}

} // namespace memhp
