// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/trial.h"

#include <algorithm>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

/// What stands between `before` and the next of `ends`; nothing where `before` is not there.
std::optional<std::string_view> between(std::string_view text, std::string_view before,
					std::string_view ends)
{
	const auto at = text.find(before);
	if (at == std::string_view::npos)
		return std::nullopt;
	text.remove_prefix(at + before.size());
	return text.substr(0, text.find_first_of(ends));
}

int64_t number_after(std::string_view text, std::string_view before)
{
	uint64_t number = 0;
	parse_number(between(text, before, " ").value_or(""), 10, number);
	return static_cast<int64_t>(number);
}

/// True where the block is within its zone, so that the zone keeps its place when it is gone: where
/// a block of a low zone comes back is decided by the zones that span it
/// (default_kernel_zone_for_pfn()).
bool within_zone(const Block &block, const std::vector<Block> &all)
{
	bool below = false;
	bool above = false;
	for (const auto &other : all) {
		if (other.zone != block.zone || other.node != block.node)
			continue;
		below |= other.number < block.number;
		above |= other.number > block.number;
	}
	return below && above;
}

} // namespace

std::optional<std::string> trial_refusal(const BlockFacts &facts, const std::vector<Block> &all)
{
	const auto &block = facts.block;
	if (block.state != BlockState::online)
		return fmt::format("block {} is {}, so there is nothing to try", block.number,
				   to_string(block.state));
	if (block.zone == Zone::none || (facts.ram && facts.ram->missing > 0))
		return fmt::format("block {} lies in several zones or has a hole: the kernel takes "
				   "none such offline",
				   block.number);
	const auto poisoned = facts.census   ? facts.census->of(PageKind::poisoned)
			      : facts.module ? facts.module->poisoned
					     : 0;
	if (poisoned > 0)
		return fmt::format("block {} has broken pages and could not come back as it is",
				   block.number);
	if (block.source == Source::virtio_mem || block.source == Source::hv_balloon ||
	    block.source == Source::xen_balloon)
		return fmt::format("block {} belongs to a device that the host resizes, which may "
				   "take it as soon as it is offline",
				   block.number);
	if ((block.zone == Zone::dma || block.zone == Zone::dma32) && !within_zone(block, all))
		return fmt::format("block {} is at the end of zone {}, and might come back in "
				   "another zone",
				   block.number, to_string(block.zone));
	const auto others = std::count_if(all.begin(), all.end(), [&](const Block &other) {
		return other.number != block.number && other.node == block.node &&
		       other.state == BlockState::online;
	});
	if (block.node && others == 0)
		return fmt::format("block {} is the last of node {}: processes and cpusets that "
				   "are bound to the node would lose it for good",
				   block.number, *block.node);
	return std::nullopt;
}

TrialLog read_trial(const std::vector<std::string> &lines)
{
	struct Dump {
		HeldPage page;
		std::string because;
		std::string flags;
		unsigned times = 0;
	};
	constexpr size_t most_pages = 4;

	TrialLog log;
	std::map<uint64_t, Dump> dumps;
	Dump *current = nullptr;
	for (const auto &line : lines) {
		if (line.find("memory offlining [mem ") != std::string::npos) {
			log.reason = between(line, "failed due to ", "\n").value_or("");
			continue;
		}
		const auto pfn = between(line, " pfn:0x", " ");
		uint64_t number = 0;
		if (pfn && line.find("refcount:") != std::string::npos &&
		    parse_number(*pfn, 16, number)) {
			current = &dumps[number];
			current->page.pfn = number;
			current->page.references = number_after(line, "refcount:");
			current->page.accounted = number_after(line, "mapcount:");
			++current->times;
			continue;
		}
		if (!current)
			continue;
		if (line.find("flags: 0x") != std::string::npos) {
			const auto words = between(line, "(", "|)").value_or("");
			current->flags = words;
			current->page.kind = line.substr(0, 4) == "anon" ? "anon" : "";
		} else if (const auto because = between(line, "page dumped because: ", "\n")) {
			current->because = *because;
			current = nullptr;
		}
	}
	unsigned most = 0;
	for (const auto &[pfn, dump] : dumps)
		most = std::max(most, dump.times);
	// Pages that failed once and moved then are dumped as well.
	if (most == 1 && dumps.size() > 1)
		return log;
	for (const auto &[pfn, dump] : dumps) {
		if (dump.times < most || log.pages.size() == most_pages)
			continue;
		if (log.pages.empty()) {
			log.dumped_because = dump.because;
			log.flags = dump.flags;
		}
		log.pages.push_back(dump.page);
	}
	return log;
}

Judgement judge_trial(const TrialResult &result)
{
	if (!result.tried)
		return {Answer::unknown, Cause::unseen,
			"it was not tried" + (result.waiting.empty() ? "" : ": " + result.waiting),
			"try again later"};
	if (result.went)
		return {Answer::can_go, Cause::none, "", ""};

	const auto &log = result.log;
	Judgement judged{Answer::cannot_go, Cause::unexplained, "", ""};
	judged.why = result.killed ? "it did not end within its attempt deadline"
				   : strerror(result.error);
	// A signal is what ended it, and no reason.
	if (!log.reason.empty() && !result.killed)
		judged.why += fmt::format("; the kernel says: {}", log.reason);
	if (log.reason == "notifier failure" || log.reason == "node notifier failure")
		judged.cause = Cause::veto;
	if (log.pages.empty())
		return judged;
	const auto &page = log.pages.front();
	if (log.dumped_because == "unmovable page") {
		const bool reserved = log.flags.find("reserved") != std::string::npos;
		const bool slab = log.flags.find("slab") != std::string::npos;
		judged.cause = reserved ? Cause::reserved
			       : slab	? Cause::slab
					: Cause::kernel_pages;
		judged.why += fmt::format("; page {:#x} cannot move ({})", page.pfn,
					  reserved ? "reserved at boot"
					  : slab   ? "the kernel's allocator"
						   : "memory of the kernel");
		return judged;
	}
	judged.cause = Cause::held_page;
	judged.why += fmt::format("; page {:#x} did not move: {}", page.pfn,
				  describe(page, result.owners));
	return judged;
}

std::vector<DebugSite> debug_sites(std::string_view text, std::string_view function)
{
	// mm/memory_hotplug.c:1969 [memory_hotplug]offline_pages =_ "memory offlining …"
	std::vector<DebugSite> sites;
	while (!text.empty()) {
		const auto end = text.find('\n');
		const auto line = text.substr(0, end);
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
		const auto colon = line.find(':');
		const auto name = between(line, "]", " ");
		const auto flags = between(line, " =", " ");
		DebugSite site;
		if (colon == std::string_view::npos || name != function || !flags ||
		    !parse_number(between(line, ":", " ").value_or(""), 10, site.line))
			continue;
		site.file = line.substr(0, colon);
		site.on = flags->find('p') != std::string_view::npos;
		sites.push_back(std::move(site));
	}
	return sites;
}

} // namespace memhp
