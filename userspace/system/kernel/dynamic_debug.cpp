// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/dynamic_debug.h"

#include <utility>

#include <fmt/format.h>

#include "system/base/fd.h"
#include "system/base/log.h"

namespace memhp
{
namespace
{

/// /proc has it since Linux 5.7, for kernels without debugfs.
constexpr const char *controls[] = {"proc/dynamic_debug/control",
				    "sys/kernel/debug/dynamic_debug/control"};

} // namespace

Result<DynamicDebug> DynamicDebug::enable(int root_fd, const std::string &function)
{
	Result<std::string> text = fail_input("");
	std::string path;
	for (const auto *control : controls) {
		text = read_file(root_fd, control);
		path = control;
		if (text)
			break;
	}
	if (!text)
		return fail(text.error());
	const auto sites = debug_sites(*text, function);
	if (sites.empty())
		return fail_input(fmt::format("{} knows no function {}", path, function));
	DynamicDebug debug(root_fd, path);
	for (const auto &site : sites) {
		if (site.on)
			continue;
		const auto done = debug.set(site, true);
		if (!done)
			return fail(done.error());
		debug.changed_.push_back(site);
	}
	return debug;
}

DynamicDebug::DynamicDebug(DynamicDebug &&other) noexcept
	: root_fd_(other.root_fd_), path_(std::move(other.path_)),
	  changed_(std::exchange(other.changed_, {}))
{
}

DynamicDebug::~DynamicDebug()
{
	for (const auto &site : changed_)
		if (const auto done = set(site, false); !done)
			log::warning("{} line {} goes on printing: {}", site.file, site.line,
				     done.error().message);
}

Result<void> DynamicDebug::set(const DebugSite &site, bool on) const
{
	return write_value(
		root_fd_, path_,
		fmt::format("file {} line {} {}p", site.file, site.line, on ? '+' : '-'));
}

} // namespace memhp
