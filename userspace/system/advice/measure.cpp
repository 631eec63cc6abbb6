// SPDX-License-Identifier: GPL-2.0-only
#include "system/advice/measure.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "memhp/version.h"
#include "system/config/hooks.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{

Result<Measures> measure(const Sysfs &sysfs, const Kmod &kmod)
{
	const auto blocks = sysfs.scan({.candidates = false});
	if (!blocks)
		return fail(blocks.error());
	return measure(sysfs, kmod, tally_of(*blocks));
}

Measures measure(const Sysfs &sysfs, const Kmod &kmod, Tally tally)
{
	Measures measures;
	measures.version = MEMHP_VERSION;
	measures.block_size = sysfs.block_size();
	measures.count = count_memory(tally, measures.block_size, read_zones(sysfs.root_fd()));
	measures.tally = std::move(tally);
	if (auto status = kmod.status())
		measures.module = std::move(*status);

	const auto hooks =
		load_hooks_report(sysfs.root_fd(), fmt::format("run/memhp/{}", hooks_report_file));
	if (hooks && *hooks) {
		const auto &report = **hooks;
		const auto failed = std::count_if(report.ended.begin(), report.ended.end(),
						  [](const HookEnd &end) { return !end.good(); });
		// Where none could be run, it is as if one had failed.
		measures.hooks_failed =
			static_cast<uint64_t>(failed) + (report.problem.empty() ? 0 : 1);
	}
	return measures;
}

} // namespace memhp
