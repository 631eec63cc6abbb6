// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/room.h"

#include <algorithm>

#include "core/explain/explain.h"

namespace memhp
{
namespace
{

/// The sizes that a huge page with so many bytes in the block may have: one that fills the block,
/// or is cut off at its end, is perhaps larger.
std::vector<uint64_t> sizes_of(const BlockFacts &facts, uint64_t bytes)
{
	const auto &rooms = facts.room->huge;
	const bool exact = rooms.count(bytes) > 0;
	if (exact && bytes < facts.block_size)
		return {bytes};
	std::vector<uint64_t> sizes;
	for (auto at = rooms.lower_bound(bytes); at != rooms.end(); ++at)
		sizes.push_back(at->first);
	return sizes;
}

std::optional<HugeRoom> room_of(const BlockFacts &facts, uint64_t bytes)
{
	if (!facts.room)
		return std::nullopt;
	const auto sizes = sizes_of(facts, bytes);
	if (sizes.empty())
		return std::nullopt;
	HugeRoom all;
	all.gigantic = true;
	for (const auto size : sizes) {
		const auto &one = facts.room->huge.at(size);
		all.gigantic = all.gigantic && one.gigantic;
		all.pool += one.from_pool();
		all.pieces += one.pieces;
		all.spare += one.spare;
	}
	return all;
}

} // namespace

std::vector<HugeUse> huge_uses(const BlockFacts &facts)
{
	std::vector<HugeUse> uses;
	if (!facts.census)
		return uses;
	uint64_t all = 0;
	for (const auto &[pages, found] : facts.census->huge())
		all += pages * found.count;
	for (const auto &[pages, found] : facts.census->huge()) {
		HugeUse use;
		use.bytes = pages * facts.page_size;
		use.count = found.count;
		use.room = room_of(facts, use.bytes);
		use.least = use.most = found.mapped;
		if (facts.module) {
			// It counts the pages of all sizes together.
			const auto up = [size = pages](uint64_t value) {
				return (value + size - 1) / size;
			};
			const auto in_use = facts.module->huge;
			const auto others = all - pages * found.count;
			const auto certain = in_use > others ? up(in_use - others) : 0;
			use.most = std::max(found.mapped, std::min(found.count, up(in_use)));
			use.least = std::max(found.mapped, std::min(found.count, certain));
			use.free = found.count - use.most;
		}
		uses.push_back(use);
	}
	return uses;
}

uint64_t least_to_allocate(const BlockFacts &facts)
{
	uint64_t pages = 0;
	if (facts.module)
		pages = facts.module->to_move;
	else if (facts.census)
		pages = facts.census->to_move() - facts.census->of(PageKind::huge);
	auto bytes = pages * facts.page_size;
	for (const auto &use : huge_uses(facts))
		if (use.room && !use.room->gigantic)
			bytes += (use.least - std::min(use.least, use.room->from_pool())) *
				 use.bytes;
	return bytes;
}

Room less_own(const BlockFacts &facts)
{
	auto room = *facts.room;
	if (room.elsewhere || !facts.census)
		return room;
	const auto free = facts.census->of(PageKind::free) * facts.page_size;
	const auto own = free + facts.census->of(PageKind::file) * facts.page_size;
	room.bytes -= std::min(room.bytes, own);
	for (auto &[bytes, huge] : room.huge)
		huge.pieces -= std::min(huge.pieces, free / bytes);
	for (const auto &use : huge_uses(facts))
		if (const auto sizes = sizes_of(facts, use.bytes); sizes.size() == 1) {
			auto &pool = room.huge.at(sizes.front()).pool;
			pool -= std::min(pool, use.free);
		}
	return room;
}

} // namespace memhp
