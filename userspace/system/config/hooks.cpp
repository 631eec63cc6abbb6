// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/hooks.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/words.h"
#include "system/base/fd.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr Words<HookEnd::How, 4> how_words = {{
	{HookEnd::How::exited, "exited"},
	{HookEnd::How::signalled, "signalled"},
	{HookEnd::How::timed_out, "timed-out"},
	{HookEnd::How::not_started, "not-started"},
}};

/// What keeps us from trusting a file or a directory; empty where nothing does.
std::string distrust(const struct stat &status)
{
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return fmt::format("it belongs to uid {}, not to root", status.st_uid);
	if ((status.st_mode & S_IWOTH) || ((status.st_mode & S_IWGRP) && status.st_gid != 0))
		return "others may write to it (chmod go-w)";
	return {};
}

} // namespace

Result<HookList> find_hooks(const std::string &directory)
{
	auto opened = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
	if (!opened)
		return fail(opened.error());
	struct stat status;
	if (fstat(opened->get(), &status) < 0)
		return fail_errno(errno, directory);
	if (const auto reason = distrust(status); !reason.empty())
		return fail_input(
			fmt::format("{}: no program in it is run, for {}", directory, reason));
	const auto names = names_in(opened->get(), ".");
	if (!names)
		return fail(names.error());

	HookList hooks;
	for (const auto &name : *names) {
		if (!is_hook_name(name))
			continue;
		if (stat((directory + "/" + name).c_str(), &status) < 0 || !S_ISREG(status.st_mode))
			continue;
		if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
			hooks.passed_over.push_back({name, "it is not executable"});
		else if (auto reason = distrust(status); !reason.empty())
			hooks.passed_over.push_back({name, std::move(reason)});
		else
			hooks.names.push_back(name);
	}
	return hooks;
}

std::string describe(const HookEnd &end)
{
	switch (end.how) {
	case HookEnd::How::exited:
		return fmt::format("exit status {}", end.number);
	case HookEnd::How::signalled: {
		const auto *name = sigabbrev_np(end.number);
		return name ? fmt::format("killed by SIG{}", name)
			    : fmt::format("killed by signal {}", end.number);
	}
	case HookEnd::How::timed_out:
		return fmt::format("ended after {}: it had not finished",
				   format_duration(end.took));
	case HookEnd::How::not_started:
		break;
	}
	return fmt::format("cannot be run: {}{}", strerror(end.number),
			   end.number == ENOEXEC ? " (no #! line?)" : "");
}

bool HooksReport::good() const
{
	return problem.empty() && std::all_of(ended.begin(), ended.end(),
					      [](const HookEnd &end) { return end.good(); });
}

Result<void> save_hooks_report(int dir, const HooksReport &report)
{
	json ended = json::array();
	for (const auto &end : report.ended)
		ended.push_back({{"name", end.name},
				 {"how", word_for(how_words, end.how)},
				 {"number", end.number},
				 {"took_ms", end.took.count()}});
	const json document = {{"began_ms", report.began.count()},
			       {"count", report.count},
			       {"ended", std::move(ended)},
			       {"problem", report.problem}};
	// A file's name need not be UTF-8. And everybody may ask for the status.
	return replace_file(dir, hooks_report_file,
			    document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
			    0644);
}

Result<std::optional<HooksReport>> load_hooks_report(int dir, const std::string &path)
{
	const auto text = read_file(dir, path);
	if (!text && text.error().code == std::errc::no_such_file_or_directory)
		return std::optional<HooksReport>();
	if (!text)
		return fail(text.error());
	try {
		const auto document = json::parse(*text);
		HooksReport report;
		report.began = Time(document.at("began_ms").get<Time::rep>());
		document.at("count").get_to(report.count);
		document.at("problem").get_to(report.problem);
		for (const auto &item : document.at("ended")) {
			HookEnd end;
			item.at("name").get_to(end.name);
			item.at("number").get_to(end.number);
			end.took = Time(item.at("took_ms").get<Time::rep>());
			const auto how = value_of(how_words, item.at("how").get<std::string>());
			if (!how)
				return fail_input(fmt::format("{}: 'how' is {}", path,
							      item.at("how").dump()));
			end.how = *how;
			report.ended.push_back(std::move(end));
		}
		return std::optional<HooksReport>(std::move(report));
	} catch (const json::exception &error) {
		return fail_input(fmt::format("{}: {}", path, error.what()));
	}
}

} // namespace memhp
