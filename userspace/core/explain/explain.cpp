// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/judges.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace memhp
{
namespace
{

/// So long a veto speaks for the next attempt too.
constexpr Time veto_lasts = std::chrono::minutes(10);
constexpr uint64_t memmap_entry = 64; ///< sizeof(struct page)

std::string pages_text(uint64_t pages)
{
	return fmt::format("{} {}", pages, pages == 1 ? "page" : "pages");
}

std::string names_of(const BlockFacts &facts)
{
	return facts.ram && !facts.ram->names.empty()
		       ? fmt::format(" ({})", fmt::join(facts.ram->names, ", "))
		       : std::string();
}

Judged judge_state(const BlockFacts &facts)
{
	switch (facts.block.state) {
	case BlockState::offline:
		return verdict(Answer::offline, Cause::none, "");
	case BlockState::going_online:
	case BlockState::unknown:
		return verdict(Answer::unknown, Cause::changing, "its state changes right now",
			       "ask again");
	case BlockState::online:
	case BlockState::going_offline:
		break;
	}
	return std::nullopt;
}

Judged judge_place(const BlockFacts &facts)
{
	if (facts.ram && facts.ram->missing > 0)
		return cannot(Cause::hole,
			      fmt::format("{} of it is no memory{}",
					  format_size(facts.ram->missing * facts.page_size),
					  names_of(facts)),
			      "the kernel takes no block with a hole offline; others will do");
	// While it goes offline, the kernel names the zones where it could come back.
	if (facts.block.zone == Zone::none && facts.block.state == BlockState::online)
		return cannot(Cause::several_zones,
			      "it lies in several zones or nodes, or has a hole",
			      "the kernel takes only blocks of one zone offline; others will do");
	return std::nullopt;
}

/// Reserved pages, less those in which a hot-added block keeps its own memmap: they are no
/// obstacle.
uint64_t reserved(const BlockFacts &facts)
{
	const auto all = facts.census	? facts.census->of(PageKind::reserved)
			 : facts.module ? facts.module->reserved
					: 0;
	if (!facts.census || !facts.own_memmap || facts.block.source == Source::boot)
		return all;
	const auto memmap = facts.block_size / facts.page_size * memmap_entry / facts.page_size;
	// What is isolated together: as many pages as one table of them names.
	const auto page_block = facts.page_size / sizeof(uint64_t);
	const auto most = (memmap + page_block - 1) / page_block * page_block;
	const auto first = facts.census->reserved_first();
	return first <= most ? all - first : all;
}

Judged judge_reserved(const BlockFacts &facts)
{
	const auto pages = reserved(facts);
	if (pages == 0)
		return std::nullopt;
	std::string what = "memory that was given away at boot";
	if (facts.ram && !facts.ram->names.empty())
		what = fmt::format("{}", fmt::join(facts.ram->names, ", "));
	std::string advice = "it stays as long as the machine runs; others will do";
	if (facts.ram && facts.ram->has("Crash kernel"))
		advice = "the parameter crashkernel= of the kernel put it there; others will do";
	return cannot(Cause::reserved, fmt::format("{} reserved: {}", pages_text(pages), what),
		      std::move(advice));
}

/// The held page of which most can be said: one that is put down to somebody, if there is one.
const HeldPage &telling_page(const BlockFacts &facts)
{
	for (const auto &page : facts.held)
		if (culprit(page, facts.owners).proof != Culprit::Proof::none)
			return page;
	return facts.held.front();
}

std::string held_text(const BlockFacts &facts)
{
	const auto &page = telling_page(facts);
	const auto count =
		std::max<uint64_t>(facts.module ? facts.module->held : 0, facts.held.size());
	return fmt::format("{}page {:#x} is held and does not move: {}",
			   count > 1 ? fmt::format("{} pages are held; ", count) : "", page.pfn,
			   describe(page, facts.owners));
}

/// Memory of the kernel itself is in kernel zones only.
Judged judge_kernel_memory(const BlockFacts &facts)
{
	if (!is_kernel_zone(facts.block.zone))
		return std::nullopt;
	const struct {
		Cause cause;
		uint64_t pages;
		const char *what;
		const char *advice;
	} uses[] = {
		{Cause::slab,
		 facts.module	? facts.module->slab
		 : facts.census ? facts.census->of(PageKind::slab)
				: 0,
		 "of the kernel's allocator (slab)",
		 "echo 2 >/proc/sys/vm/drop_caches frees some of it, as does assist = [\"slab\"] "
		 "in "
		 "memhpd.toml; memory that shall be given back belongs into the movable zone"},
		{Cause::page_tables,
		 facts.module	? facts.module->table
		 : facts.census ? facts.census->of(PageKind::table)
				: 0,
		 "of page tables",
		 "they go with the processes to which they belong; memory that shall be given back "
		 "belongs into the movable zone"},
		{Cause::kernel_pages, facts.module ? facts.module->other : 0,
		 "of other memory of the kernel",
		 "memory that shall be given back belongs into the movable zone"},
	};
	std::string why;
	const auto *most = uses;
	for (const auto &use : uses) {
		if (use.pages > most->pages)
			most = &use;
		if (use.pages > 0)
			why += fmt::format("{}{} {}", why.empty() ? "" : ", ",
					   pages_text(use.pages), use.what);
	}
	if (why.empty())
		return std::nullopt;
	why = fmt::format("it is in zone {} and has {}, which do not move",
			  to_string(facts.block.zone), why);
	if (!facts.held.empty())
		why += "; besides, " + held_text(facts);
	return cannot(most->cause, std::move(why), most->advice);
}

Judged judge_held(const BlockFacts &facts)
{
	if (facts.held.empty())
		return std::nullopt;
	const auto who = culprit(telling_page(facts), facts.owners);
	std::string advice = "memhpctl offline tries again until its deadline";
	if (who.proof != Culprit::Proof::none)
		advice = fmt::format("it goes when pid {} ({}) lets go of its pages, or ends; {}",
				     who.pid, who.comm, advice);
	return cannot(Cause::held_page, held_text(facts), std::move(advice));
}

bool is_veto(const LastFailure &failure)
{
	return failure.offline && (failure.stage == "notifier" || failure.stage == "node");
}

/// ", 3s ago"; empty where it is not known.
std::string ago_text(const LastFailure &failure)
{
	return failure.ago ? fmt::format(", {} ago", format_duration(*failure.ago)) : "";
}

/// Of one that may be old it is not known whether it would happen again.
Judged judge_veto(const BlockFacts &facts)
{
	const auto &failure = facts.failure;
	if (!failure || !is_veto(*failure) || failure->ago.value_or(Time::max()) > veto_lasts)
		return std::nullopt;
	return cannot(
		Cause::veto,
		fmt::format("part of the kernel objected to the last attempt{} ({})",
			    ago_text(*failure), strerror(failure->error)),
		"the kernel log may say who; a driver whose memory this is can object as long "
		"as it needs it");
}

/// The last attempt failed for a reason that is not seen now.
Judged judge_failure(const BlockFacts &facts)
{
	const auto &failure = facts.failure;
	if (!failure || !failure->offline || failure->ago.value_or(Time{}) > veto_lasts)
		return std::nullopt;
	// Pages that would not move are seen, if they are still held. An unknown stage may be a
	// veto that came before the module was asked.
	const bool could_be_over = failure->stage == "migrate" && facts.module;
	if (could_be_over)
		return std::nullopt;
	auto why =
		fmt::format("the last attempt{} failed ({}{}{})",
			    failure->ago ? ago_text(*failure) + "," : "", strerror(failure->error),
			    failure->stage.empty() ? "" : " at stage ", failure->stage);
	if (failure->stage == "isolate" && facts.has_cma)
		why += "; the machine has memory for contiguous allocations (CMA), which does not "
		       "go";
	return verdict(Answer::unknown, Cause::unexplained,
		       why + ", and nothing is seen that explains it",
		       fmt::format("memhpctl offline --trial {} tries once and tells what the "
				   "kernel says",
				   facts.block.number));
}

Judged judge_unseen(const BlockFacts &facts)
{
	if (!facts.census && !facts.module)
		return verdict(Answer::unknown, Cause::unseen,
			       "what its pages are used for cannot be read",
			       "ask as root, on the machine itself");
	// Pages in per-CPU lists look like the kernel's own, which are in no movable zone.
	const auto own = is_kernel_zone(facts.block.zone)
				 ? facts.census ? facts.census->of(PageKind::other) : 0
				 : 0;
	if (facts.module || pages_to_move(facts) + own == 0)
		return std::nullopt;
	return verdict(Answer::unknown, Cause::unseen,
		       fmt::format("nothing speaks against it, but {} in use, and "
				   "whether one of them is held cannot be seen without the module",
				   pages_text(pages_to_move(facts) + own)),
		       fmt::format("modprobe memhp shows held pages; memhpctl offline --trial {} "
				   "tries once",
				   facts.block.number));
}

Judged judge_poison(const BlockFacts &facts)
{
	const auto pages = facts.census	  ? facts.census->of(PageKind::poisoned)
			   : facts.module ? facts.module->poisoned
					  : 0;
	if (pages == 0)
		return std::nullopt;
	return verdict(
		facts.forgets_broken ? Answer::can_go : Answer::can_go_not_back, Cause::poisoned,
		fmt::format("{} of its pages {} broken: {}", pages, pages == 1 ? "is" : "are",
			    facts.forgets_broken
				    ? "if it comes back, this kernel does not know that any more"
				    : "the kernel does not take such a block online again"),
		"take it offline for good, if at all");
}

} // namespace

Judgement explain(const BlockFacts &facts)
{
	// What is certain comes before what is likely, and what is there before what was.
	const std::function<Judged(const BlockFacts &)> judges[] = {
		judge_state,   judge_place,  judge_reserved, judge_kernel_memory,
		judge_held,    judge_veto,   judge_huge,     judge_room,
		judge_failure, judge_unseen, judge_poison,
	};
	for (const auto &judge : judges)
		if (auto judged = judge(facts))
			return *judged;
	Judgement go = verdict(Answer::can_go, Cause::none, "");
	if (is_kernel_zone(facts.block.zone))
		go.advice = fmt::format("it is in zone {}: the kernel may use it at any time",
					to_string(facts.block.zone));
	return go;
}

std::string_view to_string(Answer answer)
{
	switch (answer) {
	case Answer::can_go:
		return "can go";
	case Answer::can_go_not_back:
		return "can go, cannot come back";
	case Answer::cannot_go:
		return "cannot go";
	case Answer::offline:
		return "is offline";
	case Answer::unknown:
		break;
	}
	return "unknown";
}

} // namespace memhp
