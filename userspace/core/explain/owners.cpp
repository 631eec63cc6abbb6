// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/owners.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

constexpr uint64_t present = uint64_t{1} << 63;
constexpr uint64_t pfn_mask = (uint64_t{1} << 55) - 1;

std::string_view take(std::string_view &text, char end)
{
	const auto at = text.find(end);
	const auto head = text.substr(0, at);
	text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
	return head;
}

bool has(const std::vector<uint64_t> &list, uint64_t value)
{
	return std::find(list.begin(), list.end(), value) != list.end();
}

std::vector<const Owner *> mappers(const HeldPage &page, const Owners &owners)
{
	std::vector<const Owner *> found;
	for (const auto &process : owners.processes)
		if (has(process.held, page.pfn))
			found.push_back(&process);
	return found;
}

} // namespace

std::vector<HeldPage> parse_held(const Record &record)
{
	std::vector<HeldPage> pages;
	auto rest = record.text("held_first").value_or("");
	while (!rest.empty()) {
		auto item = take(rest, ',');
		auto pfn = take(item, ':');
		HeldPage page;
		if (pfn.substr(0, 2) == "0x")
			pfn.remove_prefix(2);
		uint64_t references = 0;
		uint64_t accounted = 0;
		const bool good = parse_number(pfn, 16, page.pfn);
		page.kind = take(item, ':');
		if (!good || !parse_number(take(item, ':'), 10, references) ||
		    !parse_number(item, 10, accounted))
			continue;
		page.references = static_cast<int64_t>(references);
		page.accounted = static_cast<int64_t>(accounted);
		pages.push_back(std::move(page));
	}
	return pages;
}

Culprit culprit(const HeldPage &page, const Owners &owners)
{
	const auto named = [](Culprit::Proof proof, const Owner &owner) {
		return Culprit{proof, owner.pid, owner.comm};
	};
	const auto found = mappers(page, owners);
	const Owner *buffer = nullptr;
	for (const auto *process : found)
		if (has(process->buffers, page.pfn)) {
			// Inherited over a fork, a ring shows in both.
			if (buffer)
				return {};
			buffer = process;
		}
	// Where nothing is pinned, the buffer was another page when it was registered.
	if (buffer && (page.pinned() || page.pages > 1))
		return named(Culprit::Proof::fixed_buffer, *buffer);
	// That there is no further one says the page's own count, or a look at all processes.
	const bool only =
		found.size() == 1 && (page.mapcount ? *page.mapcount == 1 : owners.complete);
	if (!only || page.kind != "anon")
		return {};
	if (found.front()->vfio && page.pinned())
		return named(Culprit::Proof::vfio, *found.front());
	return named(Culprit::Proof::only_owner, *found.front());
}

const CgroupUse *cgroup_of(const HeldPage &page, const Owners &owners)
{
	for (const auto &group : owners.cgroups)
		if (has(group.held, page.pfn))
			return &group;
	return nullptr;
}

std::string describe(const HeldPage &page, const Owners &owners)
{
	const auto who = culprit(page, owners);
	const auto name = [](const auto &process) {
		return fmt::format("pid {} ({})", process.pid, process.comm);
	};
	switch (who.proof) {
	case Culprit::Proof::fixed_buffer:
		return name(who) + ": a fixed buffer of io_uring";
	case Culprit::Proof::vfio:
		return name(who) + ": memory lent to a device (vfio)";
	case Culprit::Proof::only_owner:
		return name(who) + (page.pinned() ? ": its memory, pinned for I/O"
						  : ": its memory, referenced from elsewhere (a "
						    "pipe, a socket, I/O)");
	case Culprit::Proof::none:
		break;
	}
	const auto found = mappers(page, owners);
	if (found.empty())
		return page.mapcount == uint64_t{0}
			       ? "no process maps it any more; who holds it is not known"
			       : "who holds it is not known";
	std::string text;
	for (size_t i = 0; i < std::min<size_t>(found.size(), 3); ++i)
		text += (i ? ", " : "") + name(*found[i]);
	if (found.size() > 3)
		text += fmt::format(" and {} more", found.size() - 3);
	return text + (found.size() == 1 ? " maps it" : " map it") + "; who holds it is not known";
}

std::vector<Span> parse_maps(std::string_view text)
{
	std::vector<Span> areas;
	while (!text.empty()) {
		auto line = take(text, '\n');
		Span area;
		if (line.find("[vsyscall]") != std::string_view::npos ||
		    !parse_number(take(line, '-'), 16, area.first) ||
		    !parse_number(take(line, ' '), 16, area.end) || area.end <= area.first)
			continue;
		areas.push_back(area);
	}
	return areas;
}

std::optional<uint64_t> mapped_pfn(uint64_t entry)
{
	if (!(entry & present))
		return std::nullopt;
	return entry & pfn_mask;
}

std::vector<Span> parse_fixed_buffers(std::string_view text)
{
	std::vector<Span> buffers;
	bool inside = false;
	while (!text.empty()) {
		auto line = take(text, '\n');
		if (line.substr(0, 9) == "UserBufs:") {
			inside = true;
			continue;
		}
		if (!inside)
			continue;
		line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
		uint64_t number = 0;
		Span buffer;
		uint64_t length = 0;
		if (!parse_number(take(line, ':'), 10, number))
			break;
		line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
		if (line.substr(0, 2) != "0x")
			continue; // an empty place
		line.remove_prefix(2);
		if (!parse_number(take(line, '/'), 16, buffer.first) ||
		    !parse_number(line, 10, length) || length == 0)
			continue;
		buffer.end = buffer.first + length;
		buffers.push_back(buffer);
	}
	return buffers;
}

} // namespace memhp
