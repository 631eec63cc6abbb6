// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/judges.h"

#include <algorithm>

#include <fmt/format.h>

namespace memhp
{
namespace
{

std::string huge_text(uint64_t count, const HugeUse &use, const char *what)
{
	const auto &gigantic = use.room && use.room->gigantic;
	return fmt::format("{} {} {} {} {}", count, gigantic ? "gigantic" : "huge",
			   count == 1 ? "page" : "pages", count == 1 ? "is" : "are", what);
}

/// Gigantic ones: of the pools alone. 7.0 and later may be told to have them in movable zones
/// (vm.movable_gigantic_pages), and make none for this either.
Judged judge_gigantic(const HugeUse &use, const HugeRoom &room)
{
	const auto pool = room.from_pool();
	if (use.most <= pool)
		return std::nullopt;
	const auto free = pool == 0
				  ? std::string("no other is free elsewhere")
				  : fmt::format("elsewhere {} free",
						pool == 1 ? "one is" : fmt::format("{} are", pool));
	if (use.least > pool)
		return cannot(
			Cause::huge_page,
			fmt::format("{}, and {} that could take {} place",
				    huge_text(use.least, use, "in use"), free,
				    use.least == 1 ? "its" : "their"),
			"it goes when its user lets go of it; or give the pool of another node "
			"a further page (/sys/devices/system/node/node*/hugepages)");
	return verdict(Answer::unknown, Cause::huge_page,
		       fmt::format("up to {}, and {}", huge_text(use.most, use, "in use"), free),
		       "give the pool of another node further pages "
		       "(/sys/devices/system/node/node*/hugepages)");
}

Judged judge_usual(const HugeUse &use, const HugeRoom &room, uint64_t bytes)
{
	const auto pool = room.from_pool();
	const auto made = std::min(room.pieces, bytes / use.bytes);
	if (use.most <= pool + made)
		return std::nullopt;
	const auto why = fmt::format(
		"{}, and elsewhere {} free in pools, and there is memory for {} more",
		huge_text(use.most, use, "in use"),
		pool == 0 ? "none is" : fmt::format("{} {}", pool, pool == 1 ? "is" : "are"),
		bytes / use.bytes);
	if (use.least > pool && (use.least - pool) * use.bytes > bytes)
		return cannot(Cause::huge_page, why,
			      "free memory on the other nodes, or huge pages in their pools");
	return verdict(
		Answer::unknown, Cause::huge_page,
		fmt::format("{}, {} of it in one piece; the kernel may find more", why, made),
		"echo 1 >/proc/sys/vm/compact_memory may make room");
}

/// The kernel takes the free ones of a block out of their pool, and each time one must be left
/// that is not reserved (dissolve_free_hugetlb_folio()).
Judged judge_pool(const HugeUse &use, const HugeRoom &room)
{
	if (use.free <= room.spare)
		return std::nullopt;
	return cannot(Cause::huge_page,
		      fmt::format("{}, and {} of the free ones of this machine {} not reserved for "
				  "somebody: the pool does not let them go",
				  huge_text(use.free, use, "free in it"),
				  room.spare == 0 ? "none" : std::to_string(room.spare),
				  room.spare <= 1 ? "is" : "are"),
		      "give the pool of another node further pages "
		      "(/sys/devices/system/node/node*/hugepages)");
}

} // namespace

Judged judge_huge(const BlockFacts &facts)
{
	if (!facts.room)
		return std::nullopt;
	Judged doubt;
	for (const auto &use : huge_uses(facts)) {
		Judged judged;
		if (!use.room && use.most > 0)
			judged = verdict(Answer::unknown, Cause::huge_page,
					 fmt::format("{}, and what the pools elsewhere have is not "
						     "known",
						     huge_text(use.most, use, "in use")),
					 "ask on the machine itself");
		if (use.room)
			judged = use.room->gigantic
					 ? judge_gigantic(use, *use.room)
					 : judge_usual(use, *use.room, facts.room->bytes);
		if (use.room && (!judged || judged->answer != Answer::cannot_go))
			if (auto held = judge_pool(use, *use.room))
				judged = held;
		if (judged && judged->answer == Answer::cannot_go)
			return judged;
		if (judged)
			doubt = judged;
	}
	return doubt;
}

Judged judge_room(const BlockFacts &facts)
{
	const auto bytes = least_to_allocate(facts);
	if (!facts.room || bytes <= facts.room->bytes)
		return std::nullopt;
	return cannot(Cause::no_room,
		      fmt::format("{} would have to move, and elsewhere there is room for {}",
				  format_size(bytes), format_size(facts.room->bytes)),
		      "the kernel moves it to the other nodes, where there are any: free memory "
		      "there");
}

} // namespace memhp
