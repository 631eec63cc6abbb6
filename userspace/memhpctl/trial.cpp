// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/trial.h"

#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "memhpctl/json_text.h"
#include "memhpctl/verbs.h"
#include "system/explain/explain.h"
#include "system/explain/owners_report.h"
#include "system/kernel/dynamic_debug.h"
#include "system/kernel/kernel_log.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr auto kernel_log = "dev/kmsg";
constexpr Time owners_patience = std::chrono::seconds(5);
/// For what forbids the attempt to end; the attempt has a deadline of its own.
constexpr Time deadline = std::chrono::seconds(30);

/// While it lives nobody ends this process by a signal: what was changed is put back first. What
/// takes long in between has deadlines.
class SignalsHeld
{
public:
	SignalsHeld()
	{
		sigset_t mask;
		sigemptyset(&mask);
		for (const int signal : {SIGINT, SIGTERM, SIGHUP})
			sigaddset(&mask, signal);
		sigprocmask(SIG_BLOCK, &mask, &before_);
	}
	~SignalsHeld() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
	SignalsHeld(const SignalsHeld &) = delete;
	SignalsHeld &operator=(const SignalsHeld &) = delete;

private:
	sigset_t before_;
};

struct Trial {
	TrialResult result;
	std::vector<std::string> messages; ///< of the kernel
	std::string stage;
	Time took{};
	std::vector<std::string> gaps;
};

/// The block to be tried, with what is known of it.
Result<BlockFacts> choose(const Sysfs &sysfs, const Kmod &kmod,
			  const std::vector<std::string> &target)
{
	auto explainer = Explainer::begin(sysfs, kmod, target, {true, Loop::now(), Time{}});
	if (!explainer)
		return fail(explainer.error());
	if (explainer->count() != 1)
		return fail_input(fmt::format("--trial tries one block, and the target names {}",
					      explainer->count()));
	while (explainer->step())
		;
	auto facts = explainer->take().blocks.front().facts;
	const auto all = sysfs.scan();
	if (!all)
		return fail(all.error());
	if (const auto refusal = trial_refusal(facts, *all))
		return fail({std::make_error_code(std::errc::operation_not_permitted), *refusal});
	return facts;
}

Result<Trial> attempt(const Globals &globals, const Sysfs &sysfs, const ChangeRequest &request,
		      const Block &block)
{
	Trial trial;
	const SignalsHeld held;
	auto log = mark_kernel_log(sysfs.root_fd(), kernel_log);
	if (!log)
		trial.gaps.push_back("what the kernel says: " + log.error().message);
	Result<Report> report;
	{
		const auto debug = DynamicDebug::enable(sysfs.root_fd(), "offline_pages");
		if (!debug)
			trial.gaps.push_back("the kernel's own reason: " + debug.error().message);
		report = carry_out(globals, sysfs, request);
	}
	if (!report)
		return fail(report.error());
	if (log)
		for (auto &message : read_kernel_log(*log))
			trial.messages.push_back(std::move(message.text));

	auto &result = trial.result;
	trial.took = report->took;
	result.went = !report->rolled_back.empty() || !report->lost.empty() ||
		      !report->left_to_others.empty();
	result.waiting = report->waiting;
	for (const auto &stayed : report->stayed) {
		result.tried |= stayed.attempts > 0;
		result.error = stayed.error;
		result.killed = stayed.killed;
		trial.stage = stayed.stage;
	}
	result.tried |= result.went;
	const auto now = sysfs.present(block.number);
	result.back = now && now->state == BlockState::online && now->zone == block.zone;
	result.log = read_trial(trial.messages);
	if (!result.log.pages.empty()) {
		complete(sysfs.root_fd(), result.log.pages);
		result.owners = find_owners(sysfs.root_fd(), {}, result.log.pages, owners_patience);
		result.owners.cgroups = find_cgroups(sysfs.root_fd(), {}, result.log.pages);
	}
	return trial;
}

json to_json(const Trial &trial, const Judgement &judged, const Block &block)
{
	const auto or_null = [](const std::string &text) {
		return text.empty() ? json(nullptr) : json(text);
	};
	const auto &result = trial.result;
	return {{"block", block.number},
		{"zone", to_string(block.zone)},
		{"verdict", word_for(answer_words, judged.answer)},
		{"cause", word_for(cause_words, judged.cause)},
		{"why", or_null(judged.why)},
		{"tried", result.tried},
		{"went", result.went},
		{"back", result.back},
		{"errno", result.error},
		{"killed", result.killed},
		{"stage", or_null(trial.stage)},
		{"took_ms", trial.took.count()},
		{"kernel_reason", or_null(result.log.reason)},
		{"pages", to_json(result.log.pages, result.owners)},
		{"kernel_log", trial.messages},
		{"gaps", trial.gaps}};
}

} // namespace

int verb_trial(const Globals &globals, const ChangeRequest &request)
{
	if (!globals.live())
		return complain(
			{{}, "--sysroot names a recorded tree, in which nothing can be tried"},
			exit_usage);
	if (geteuid() != 0)
		return complain({{}, "changing memory needs root; run it with sudo"});
	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	sysfs->set_early([&kmod] { return kmod.early_blocks(); });
	const auto facts = choose(*sysfs, kmod, request.target);
	if (!facts)
		return complain(facts.error(), facts.error().code == std::errc::invalid_argument
						       ? exit_usage
						       : exit_failed);
	const auto &block = facts->block;
	auto asked = request;
	asked.deadline = request.deadline.value_or(deadline);
	const auto trial = attempt(globals, *sysfs, asked, block);
	if (!trial)
		return complain(trial.error());
	const auto judged = judge_trial(trial->result);
	if (globals.json) {
		fmt::print("{}\n", json_text(to_json(*trial, judged, block)));
	} else {
		fmt::print("block {}: {}{}{}\n", block.number, to_string(judged.answer),
			   judged.why.empty() ? "" : ": ", judged.why);
		for (const auto &page : trial->result.log.pages)
			if (const auto *group = cgroup_of(page, trial->result.owners))
				fmt::print("  page {:#x} is charged to {}\n", page.pfn,
					   group->path);
		if (trial->result.went && trial->result.back)
			fmt::print("  it went and is back in zone {}, after {}\n",
				   to_string(block.zone), format_duration(trial->took));
		for (const auto &gap : trial->gaps)
			fmt::print("not known: {}\n", gap);
	}
	if (!trial->result.back) {
		complain({{},
			  fmt::format("block {} is NOT back as it was: see memhpctl list {}",
				      block.number, block.number)});
		return exit_partly;
	}
	return judged.answer == Answer::can_go ? exit_done : exit_failed;
}

} // namespace memhp
