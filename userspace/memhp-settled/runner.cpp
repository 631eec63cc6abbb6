// SPDX-License-Identifier: GPL-2.0-only
#include "memhp-settled/runner.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/base/fd.h"
#include "system/base/log.h"
#include "system/base/loop.h"

namespace memhp
{
namespace
{

/// What a program is started with: posix_spawn(3) reports a failed execve(2) as a value.
class SpawnSettings
{
public:
	SpawnSettings()
	{
		posix_spawnattr_init(&attributes);
		posix_spawn_file_actions_init(&actions);
		sigset_t signals;
		sigemptyset(&signals);
		posix_spawnattr_setsigmask(&attributes, &signals);
		sigfillset(&signals);
		posix_spawnattr_setsigdefault(&attributes, &signals);
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
							      POSIX_SPAWN_SETSIGDEF);
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	}
	~SpawnSettings()
	{
		posix_spawn_file_actions_destroy(&actions);
		posix_spawnattr_destroy(&attributes);
	}
	SpawnSettings(const SpawnSettings &) = delete;
	SpawnSettings &operator=(const SpawnSettings &) = delete;

	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
};

/// Pointers into `strings`, with a null pointer behind them, as execve(2) takes them.
std::vector<char *> pointers(std::vector<std::string> &strings)
{
	std::vector<char *> result;
	for (auto &string : strings)
		result.push_back(string.data());
	result.push_back(nullptr);
	return result;
}

std::vector<std::string> environment_with(const Variables &variables)
{
	std::vector<std::string> strings;
	for (const auto &[name, value] : variables)
		strings.push_back(name + "=" + value);
	for (char **entry = environ; *entry; ++entry) {
		const std::string_view inherited = *entry;
		const bool ours =
			std::any_of(variables.begin(), variables.end(), [&](const auto &variable) {
				return inherited.rfind(variable.first + "=", 0) == 0;
			});
		if (!ours)
			strings.emplace_back(inherited);
	}
	return strings;
}

/// False when the process still runs after `span`.
bool ends_within(int pidfd, Time span)
{
	const auto until = Loop::now() + span;
	for (;;) {
		const auto left = std::max(Time{}, until - Loop::now());
		pollfd exit = {pidfd, POLLIN, 0};
		const int count = poll(&exit, 1, static_cast<int>(left.count()));
		if (count > 0)
			return true;
		if (left == Time{})
			return false;
	}
}

/// Waits for the end of a process that leads a group, and ends the group when its time is over.
/// Sets `how` and `number`.
void await(pid_t pid, const HookLimits &limits, HookEnd &end)
{
	// Nobody else waits for it, so the number stays its own.
	const Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
	bool ended = pidfd && ends_within(pidfd.get(), limits.each);
	if (!ended) {
		end.how = HookEnd::How::timed_out;
		for (const int signal : {SIGTERM, SIGKILL}) {
			kill(-pid, signal);
			ended = pidfd && ends_within(pidfd.get(), limits.grace);
			if (ended)
				break;
		}
		kill(-pid, SIGKILL); // what it started and did not take along
	}
	int status = 0;
	if (!ended || waitpid(pid, &status, 0) < 0) {
		log::error("{} was killed and does not die; left behind", end.name);
		return;
	}
	if (end.how == HookEnd::How::timed_out)
		return;
	if (WIFSIGNALED(status)) {
		end.how = HookEnd::How::signalled;
		end.number = WTERMSIG(status);
	} else {
		end.number = WEXITSTATUS(status);
	}
}

/// Takes the file away so that a new one can come while this one is worked on.
Result<std::optional<Settled>> take(int dir)
{
	const auto taken = std::string(settled_file) + ".taken";
	if (renameat(dir, settled_file, dir, taken.c_str()) < 0) {
		if (errno == ENOENT)
			return std::optional<Settled>();
		return fail_errno(errno, settled_file);
	}
	const auto text = read_file(dir, taken);
	unlinkat(dir, taken.c_str(), 0);
	if (!text)
		return fail(text.error());
	const auto variables = parse_lines(*text);
	if (!variables)
		return fail(variables.error());
	auto settled = settled_from(*variables);
	if (!settled)
		return fail(settled.error());
	return std::optional<Settled>(std::move(*settled));
}

void log_end(const HookEnd &end)
{
	const auto took = format_duration(end.took);
	if (end.good())
		log::info("{}: done in {}", end.name, took);
	else
		log::error("{}: {}", end.name, describe(end));
}

} // namespace

HookEnd run_hook(const std::string &directory, const std::string &name, const Variables &variables,
		 const HookLimits &limits)
{
	HookEnd end;
	end.name = name;
	const auto path = directory + "/" + name;
	std::vector<std::string> arguments = {path};
	auto environment = environment_with(variables);
	const SpawnSettings settings;

	std::fflush(nullptr);
	const auto began = Loop::now();
	pid_t pid = -1;
	const int error = posix_spawn(&pid, path.c_str(), &settings.actions, &settings.attributes,
				      pointers(arguments).data(), pointers(environment).data());
	if (error != 0) {
		end.how = HookEnd::How::not_started;
		end.number = error;
		return end;
	}
	await(pid, limits, end);
	end.took = Loop::now() - began;
	return end;
}

Result<HooksReport> run_settled(int dir, const HookLimits &limits)
{
	HooksReport report;
	report.began = Loop::now();
	const auto keep = [&] {
		const auto saved = save_hooks_report(dir, report);
		if (!saved)
			log::warning("memhpctl status will not show this: {}",
				     saved.error().message);
	};
	const auto settled = take(dir);
	if (!settled)
		return fail(settled.error());
	if (!*settled)
		return report;
	const auto hooks = find_hooks((*settled)->directory);
	if (!hooks) {
		report.problem = hooks.error().message;
		keep();
		return report;
	}
	for (const auto &[name, reason] : hooks->passed_over)
		log::warning("{} is not run: {}", name, reason);
	report.count = hooks->names.size();
	if (report.count == 0)
		return report;

	const auto variables = environment(**settled);
	keep();
	for (const auto &name : hooks->names) {
		report.ended.push_back(run_hook((*settled)->directory, name, variables, limits));
		log_end(report.ended.back());
		keep();
	}
	return report;
}

} // namespace memhp
