// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/outcome.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace memhp
{

Stayed stayed_of(const Job::BlockRecord &record)
{
	Stayed stayed;
	stayed.block = record.block;
	stayed.error = record.standing == Job::Standing::gone ? ENODEV : record.error;
	stayed.killed = record.killed;
	stayed.attempts = record.failures;
	stayed.stage = record.stage;
	return stayed;
}

Progress progress_of(const Attempted &attempted)
{
	Progress progress;
	progress.block = attempted.block;
	progress.reached = attempted.outcome.reached;
	progress.error = attempted.outcome.error;
	progress.killed = attempted.outcome.killed;
	progress.stage = attempted.outcome.stage;
	return progress;
}

std::string reason(const Stayed &stayed)
{
	if (stayed.attempts == 0 && stayed.error == 0)
		return "not tried";
	if (stayed.stage == claimed_stage)
		return "it is the last memory of its node, which somebody names since the request "
		       "began; ask again to be told who";
	std::string text = strerror(stayed.error);
	if (stayed.killed)
		text = stayed.error == ETIMEDOUT
			       ? "its attempt was cut short"
			       : "no end within its attempt deadline: a page in it is held";
	if (!stayed.stage.empty())
		text += fmt::format(" (failed at stage {})", stayed.stage);
	if (is_kernel_zone(parse_zone(stayed.zone).value_or(Zone::none)))
		text += fmt::format(", zone {}: the kernel's own memory may be in it", stayed.zone);
	return text;
}

std::vector<std::string> reasons(const std::vector<Stayed> &stayed)
{
	std::vector<std::pair<std::string, std::vector<uint64_t>>> groups;
	for (const auto &one : stayed) {
		auto text = reason(one);
		if (one.attempts > 1)
			text += fmt::format(", {} attempts", one.attempts);
		const auto group =
			std::find_if(groups.begin(), groups.end(),
				     [&](const auto &known) { return known.first == text; });
		if (group != groups.end())
			group->second.push_back(one.block);
		else
			groups.push_back({std::move(text), {one.block}});
	}
	std::vector<std::string> lines;
	for (const auto &[text, blocks] : groups)
		lines.push_back(fmt::format("{} {}: {}", blocks.size() == 1 ? "block" : "blocks",
					    format_ranges(blocks), text));
	return lines;
}

} // namespace memhp
