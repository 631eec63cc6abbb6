// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/assist.h"

#include <algorithm>

namespace memhp
{
namespace
{

constexpr auto drop_caches = "proc/sys/vm/drop_caches"; ///< 1: page cache, 2: slab, 3: both

} // namespace

std::vector<AssistWrite> assist_writes(const std::vector<Assist> &wanted,
				       const std::set<int> &nodes, const AssistFiles &files,
				       uint64_t bytes)
{
	const auto wants = [&](Assist one) {
		return std::find(wanted.begin(), wanted.end(), one) != wanted.end();
	};
	std::vector<AssistWrite> writes;
	if (wants(Assist::hugepages))
		for (const auto &pages : files.huge_pages)
			if (pages.free > 0)
				writes.push_back(
					{pages.path, std::to_string(pages.count - pages.free)});

	int drop = wants(Assist::slab) ? 2 : 0;
	if (wants(Assist::reclaim))
		for (const auto node : nodes) {
			const auto file = files.reclaim.find(node);
			if (file == files.reclaim.end())
				drop |= 1;
			else
				writes.push_back({file->second, std::to_string(bytes)});
		}
	if (drop != 0)
		writes.push_back({drop_caches, std::to_string(drop)});
	if (wants(Assist::compact))
		for (const auto node : nodes)
			if (const auto file = files.compact.find(node); file != files.compact.end())
				writes.push_back({file->second, "1"});
	return writes;
}

std::optional<uint64_t> restored(const LoweredPages &lowered, uint64_t now)
{
	if (now > lowered.left || now == lowered.found)
		return std::nullopt;
	return lowered.found;
}

} // namespace memhp
