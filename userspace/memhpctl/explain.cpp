// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "memhpctl/clock.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/explain/explain.h"
#include "system/explain/explain_report.h"

namespace memhp
{
namespace
{

/// What the search for owners may take.
constexpr Time patience = std::chrono::seconds(5);
/// So many owners are shown.
constexpr size_t most_owners = 5;

constexpr std::string_view kind_names[] = {
	"free",	    "anonymous",   "of files",	"of tmpfs or shared memory",
	"slab",	    "page tables", "huge",	"of a balloon or virtio-mem",
	"reserved", "broken",	   "not there", "other",
};

std::string describe_pages(const Census &census)
{
	std::string text;
	for (size_t i = 0; i < std::size(kind_names); ++i)
		if (const auto pages = census.of(static_cast<PageKind>(i)); pages > 0)
			text += fmt::format("{}{} {}", text.empty() ? "" : ", ", pages,
					    kind_names[i]);
	if (census.unevictable() > 0)
		text += fmt::format("; {} unevictable", census.unevictable());
	return text;
}

std::string describe_failure(const LastFailure &failure)
{
	auto text = fmt::format("{}{}: {}", failure.offline ? "offline" : "online",
				failure.ago ? " " + format_duration(*failure.ago) + " ago" : "",
				strerror(failure.error));
	if (!failure.stage.empty())
		text += " at stage " + failure.stage;
	if (!failure.by.empty())
		text += ", asked for by " + failure.by;
	return text;
}

void line(std::string_view title, const std::string &text)
{
	if (!text.empty())
		print_folded(fmt::format("  {:<14}{}\n", title, text), 16);
}

std::string head(const BlockFacts &facts)
{
	const auto &block = facts.block;
	auto text = fmt::format("block {} ({:#x}, {}", block.number,
				block.number * facts.block_size, format_size(facts.block_size));
	if (block.state == BlockState::online)
		text += fmt::format(", zone {}", to_string(block.zone));
	if (block.node)
		text += fmt::format(", node {}", *block.node);
	text += fmt::format(", {}", to_string(block.source));
	if (!block.device.empty())
		text += " " + block.device;
	return text + ")";
}

void print_held(const BlockFacts &facts)
{
	for (const auto &page : facts.held) {
		auto text = fmt::format("{:#x} {}, {} references, {} accounted for: {}", page.pfn,
					page.kind, page.references, page.accounted,
					describe(page, facts.owners));
		if (const auto *group = cgroup_of(page, facts.owners))
			text += "; charged to " + group->path;
		line("held", text);
	}
}

void print_owners(const Owners &owners)
{
	for (size_t i = 0; i < std::min(most_owners, owners.processes.size()); ++i) {
		const auto &process = owners.processes[i];
		line(i == 0 ? "processes" : "",
		     fmt::format("pid {} ({}) maps {} pages", process.pid, process.comm,
				 process.pages));
	}
	for (size_t i = 0; i < std::min(most_owners, owners.cgroups.size()); ++i)
		line(i == 0 ? "cgroups" : "",
		     fmt::format("{}: {} pages", owners.cgroups[i].path, owners.cgroups[i].pages));
}

void print_huge(const BlockFacts &facts)
{
	for (const auto &use : huge_uses(facts)) {
		const auto in_use = use.least == use.most
					    ? fmt::format("{}", use.most)
					    : fmt::format("{} to {}", use.least, use.most);
		// Without the module nobody knows of those that are in use without being mapped.
		auto text = fmt::format("{} of {} of {} {}", in_use, use.count,
					format_size(use.bytes), facts.module ? "in use" : "mapped");
		if (use.room)
			text += fmt::format("; elsewhere {} free in pools, {} could be made",
					    use.room->from_pool(), use.room->pieces);
		line("huge pages", text);
	}
}

void print_one(const Explanation &explanation)
{
	const auto &[facts, verdict] = explanation.blocks.front();
	print_folded(fmt::format("{}: {}\n", head(facts), to_string(verdict.answer)));
	if (!verdict.why.empty())
		print_folded(fmt::format("  {}\n", verdict.why), 2);
	if (facts.census)
		line("pages", describe_pages(*facts.census));
	if (facts.census || facts.module) {
		auto text = format_size(pages_to_move(facts) * facts.page_size);
		if (facts.room)
			text += fmt::format("; room elsewhere: {}", format_size(facts.room->bytes));
		line("to move", text);
	}
	print_huge(facts);
	if (facts.ram)
		line("contains", fmt::format("{}", fmt::join(facts.ram->names, ", ")));
	if (facts.failure)
		line("last failure", describe_failure(*facts.failure));
	print_held(facts);
	print_owners(explanation.owners);
	line("what to do", verdict.advice);
}

constexpr Words<Cause, 15> cause_texts = {{
	{Cause::none, ""},
	{Cause::changing, "the state changes right now"},
	{Cause::hole, "not all of it is memory"},
	{Cause::several_zones, "several zones or nodes in one block, or a hole"},
	{Cause::reserved, "reserved pages"},
	{Cause::slab, "the kernel's allocator (slab) has pages there"},
	{Cause::page_tables, "page tables"},
	{Cause::kernel_pages, "other memory of the kernel"},
	{Cause::held_page, "a page is held"},
	{Cause::veto, "part of the kernel objected to the last attempt"},
	{Cause::huge_page, "no room elsewhere for a huge page"},
	{Cause::no_room, "no room elsewhere for what would have to move"},
	{Cause::poisoned, "broken pages"},
	{Cause::unexplained, "the last attempt failed, and nothing is seen that explains it"},
	{Cause::unseen, "nothing speaks against it, but not all that matters can be seen"},
}};

/// A line for those blocks of which the same is to be said.
void print_many(const Explanation &explanation)
{
	struct Group {
		const Judgement *first;
		std::vector<uint64_t> blocks;
	};
	std::vector<Group> groups;
	for (const auto &one : explanation.blocks) {
		const auto same =
			std::find_if(groups.begin(), groups.end(), [&](const Group &group) {
				return group.first->answer == one.verdict.answer &&
				       group.first->cause == one.verdict.cause;
			});
		if (same == groups.end())
			groups.push_back({&one.verdict, {one.facts.block.number}});
		else
			same->blocks.push_back(one.facts.block.number);
	}
	for (const auto &[first, blocks] : groups) {
		const bool single = blocks.size() == 1;
		const std::string why =
			single ? first->why : std::string(word_for(cause_texts, first->cause));
		const auto answer = !single && first->answer == Answer::offline
					    ? "are offline"
					    : to_string(first->answer);
		print_folded(fmt::format("{} {}: {}{}{}\n", single ? "block" : "blocks",
					 format_ranges(blocks), answer, why.empty() ? "" : ": ",
					 why));
	}
	fmt::print("\nname one block for all that is known of it\n");
}

} // namespace

int verb_explain(const Globals &globals, const std::vector<std::string> &target)
{
	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	sysfs->set_early([&kmod] { return kmod.early_blocks(); });
	std::optional<Time> now;
	if (const auto boot_ns = Clock::of(sysfs->root_fd()).boot_now())
		now = std::chrono::duration_cast<Time>(std::chrono::nanoseconds(*boot_ns));
	auto explainer = Explainer::begin(*sysfs, kmod, target, {globals.live(), now, patience});
	if (!explainer)
		return complain(explainer.error(),
				explainer.error().code == std::errc::invalid_argument
					? exit_usage
					: exit_failed);
	while (explainer->step())
		;
	const auto explanation = explainer->take();
	if (globals.json) {
		fmt::print("{}\n", json_text(to_json(explanation)));
		return exit_done;
	}
	if (explanation.blocks.size() == 1)
		print_one(explanation);
	else
		print_many(explanation);
	for (const auto &gap : explanation.gaps)
		print_folded(fmt::format("not known: {}\n", gap));
	return exit_done;
}

} // namespace memhp
