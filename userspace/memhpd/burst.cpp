// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/burst.h"

#include <algorithm>

#include <fmt/format.h>

namespace memhp
{

std::string Burst::Blocks::text(uint64_t block_size) const
{
	auto sorted = numbers;
	std::sort(sorted.begin(), sorted.end());
	std::string in_zones;
	for (const auto &[zone, count] : zones)
		in_zones += fmt::format("{}{} {}", in_zones.empty() ? "" : ", ", count,
					to_string(zone));
	return fmt::format("{} blocks ({}), {}: {}", sorted.size(),
			   format_size(sorted.size() * block_size), format_ranges(sorted),
			   in_zones);
}

void Burst::begin(Time now)
{
	begun_ = now;
	if (ours_.numbers.empty() && failures_ == 0)
		started_ = now;
}

Burst Burst::next() const
{
	Burst next;
	next.begin(begun_);
	return next;
}

std::vector<std::string> Burst::lines(uint64_t block_size, bool by_kernel) const
{
	std::vector<std::string> lines;
	if (!ours_.numbers.empty())
		lines.push_back(fmt::format(
			"onlined {} in {}{}", ours_.text(block_size),
			format_duration(ended_ - started_),
			failures_ ? fmt::format(", {} failed attempts", failures_) : ""));
	if (!found_.numbers.empty())
		lines.push_back(fmt::format("{} onlined {}",
					    by_kernel ? "the kernel" : "another program",
					    found_.text(block_size)));
	return lines;
}

void Burst::misplaced(uint64_t block, Zone zone, std::string_view wanted, std::string_view why,
		      Time now)
{
	misplaced_[fmt::format("in zone {}, not {} as policy wants it: {}", to_string(zone), wanted,
			       why)]
		.insert(block);
	note(now);
}

std::vector<std::string> Burst::warnings(uint64_t block_size) const
{
	std::vector<std::string> lines(remarks_.begin(), remarks_.end());
	for (const auto &[what, blocks] : misplaced_)
		lines.push_back(fmt::format("blocks {} ({}) are online {}",
					    format_ranges({blocks.begin(), blocks.end()}),
					    format_size(blocks.size() * block_size), what));
	return lines;
}

} // namespace memhp
