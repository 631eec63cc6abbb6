// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/trial.h"

#include <cerrno>
#include <functional>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

Block block(uint64_t number, Zone zone, int node = 0)
{
	Block result;
	result.number = number;
	result.state = BlockState::online;
	result.zone = zone;
	result.node = node;
	return result;
}

/// Blocks 1 to 4 in DMA32, 8 and 9 in Normal, 16 and 17 movable on node 1, 24 alone on node 2.
std::vector<Block> machine()
{
	std::vector<Block> all;
	for (uint64_t number = 1; number <= 4; ++number)
		all.push_back(block(number, Zone::dma32));
	all.push_back(block(8, Zone::normal));
	all.push_back(block(9, Zone::normal));
	all.push_back(block(16, Zone::movable, 1));
	all.push_back(block(17, Zone::movable, 1));
	all.push_back(block(24, Zone::movable, 2));
	return all;
}

BlockFacts facts_of(uint64_t number)
{
	BlockFacts facts;
	for (const auto &one : machine())
		if (one.number == number)
			facts.block = one;
	return facts;
}

TEST(Trial, IsRefusedWhereTheBlockCouldNotComeBack)
{
	const struct {
		const char *name;
		uint64_t number;
		std::function<void(BlockFacts &)> change;
		const char *message; ///< nullptr: it is tried
	} cases[] = {
		{"movable", 16, [](auto &) {}, nullptr},
		{"of a kernel zone", 8, [](auto &) {}, nullptr},
		{"within DMA32", 2, [](auto &) {}, nullptr},
		{"first of DMA32", 1, [](auto &) {}, "at the end of zone DMA32"},
		{"last of DMA32", 4, [](auto &) {}, "at the end of zone DMA32"},
		{"last of its node", 24, [](auto &) {}, "the last of node 2"},
		{"offline", 16, [](auto &f) { f.block.state = BlockState::offline; },
		 "is offline, so there is nothing to try"},
		{"several zones", 16, [](auto &f) { f.block.zone = Zone::none; }, "several zones"},
		{"a hole", 16,
		 [](auto &f) {
			 f.ram = RamMap{1, {}};
		 },
		 "hole"},
		{"of virtio-mem", 16, [](auto &f) { f.block.source = Source::virtio_mem; },
		 "host resizes"},
		{"poisoned", 16,
		 [](auto &f) {
			 const uint64_t flags = uint64_t{1} << 19;
			 f.census.emplace().add(&flags, nullptr, 1);
		 },
		 "broken pages"},
		{"poisoned, by the module", 16, [](auto &f) { f.module.emplace().poisoned = 1; },
		 "broken pages"},
	};
	for (const auto &[name, number, change, message] : cases) {
		auto facts = facts_of(number);
		change(facts);
		const auto refusal = trial_refusal(facts, machine());
		EXPECT_EQ(refusal.has_value(), message != nullptr) << name;
		EXPECT_NE(refusal.value_or("").find(message ? message : ""), std::string::npos)
			<< refusal.value_or("");
	}
}

using Lines = std::vector<std::string>;

Lines dump(const std::string &pfn, const std::string &because, const std::string &flags)
{
	return {"page:000000004b1d1ee2 refcount:3 mapcount:1 mapping:0000000000000000 "
		"index:0x7f12 pfn:" +
			pfn,
		"memcg:ffff888003", flags, "raw: 0028000000000000 ffff8880",
		"page dumped because: " + because};
}

Lines operator+(Lines a, const Lines &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

const Lines anon_dump = dump("0x300000", "migration failure",
			     "anon flags: 0x28000000080014(uptodate|lru|swapbacked|node=0|zone=3)");

TEST(Trial, AReasonAndAnUnmovablePageAreRead)
{
	const auto log = read_trial(
		dump("0x7e40", "unmovable page", "flags: 0x100000000000200(slab|node=0|zone=1)") +
		Lines{"memory offlining [mem 0x8000000-0xfffffff] failed due to failure to isolate "
		      "range"});
	EXPECT_EQ(log.reason, "failure to isolate range");
	EXPECT_EQ(log.dumped_because, "unmovable page");
	EXPECT_EQ(log.flags, "slab");
	ASSERT_EQ(log.pages.size(), 1u);
	EXPECT_EQ(log.pages[0].pfn, 0x7e40u);
	EXPECT_EQ(log.pages[0].references, 3);
	EXPECT_EQ(log.pages[0].accounted, 1);
	EXPECT_EQ(log.pages[0].kind, "");
}

TEST(Trial, OnlyWhatIsDumpedAgainDidNotMove)
{
	const auto other = dump("0x300111", "migration failure", "flags: 0x1(lru|node=0|zone=3)");
	EXPECT_TRUE(read_trial(anon_dump + other).pages.empty()) << "one of them, or neither";
	const auto log = read_trial(other + anon_dump + Lines{"migrating pfn 300000 failed ret:1"} +
				    anon_dump);
	ASSERT_EQ(log.pages.size(), 1u);
	EXPECT_EQ(log.pages[0].pfn, 0x300000u);
	EXPECT_EQ(log.pages[0].kind, "anon");
	EXPECT_EQ(log.dumped_because, "migration failure");
	EXPECT_EQ(read_trial(anon_dump).pages.size(), 1u) << "the only one";
}

TEST(Trial, OtherMessagesSayNothing)
{
	const auto log = read_trial({"", "page dumped because: lunch", "flags: 0x1(lru)",
				     "eth0: link up pfn:0x1", "memory offlining [mem 0x0-0x1]"});
	EXPECT_EQ(log.reason, "");
	EXPECT_TRUE(log.pages.empty());
}

TEST(Trial, IsJudgedByWhatTheKernelSays)
{
	TrialResult went;
	went.tried = went.went = went.back = true;
	TrialResult not_tried;
	not_tried.waiting = "too little memory";
	TrialResult veto;
	veto.tried = true;
	veto.error = EBUSY;
	veto.log.reason = "notifier failure";
	TrialResult slab = veto;
	slab.log.reason = "failure to isolate range";
	slab.log.pages.emplace_back().pfn = 0x7e40;
	slab.log.dumped_because = "unmovable page";
	slab.log.flags = "slab";
	TrialResult kernel = slab;
	kernel.log.flags = "node=0";
	TrialResult reserved = slab;
	reserved.log.flags = "reserved";
	TrialResult held;
	held.tried = held.killed = true;
	held.error = EINTR;
	held.log.reason = "signal backoff";
	held.log.pages.push_back({0x300000, "anon", 3, 1, 1, 1});
	held.log.dumped_because = "migration failure";
	held.owners.processes.emplace_back().pid = 312;
	held.owners.processes.back().comm = "holdpage";
	held.owners.processes.back().held = {0x300000};
	TrialResult silent = held;
	silent.log = {};

	const struct {
		const TrialResult &result;
		Answer answer;
		Cause cause;
		const char *why;
	} cases[] = {
		{went, Answer::can_go, Cause::none, ""},
		{not_tried, Answer::unknown, Cause::unseen, "it was not tried: too little memory"},
		{veto, Answer::cannot_go, Cause::veto,
		 "Device or resource busy; the kernel says: notifier failure"},
		{slab, Answer::cannot_go, Cause::slab,
		 "Device or resource busy; the kernel says: failure to isolate range; page 0x7e40 "
		 "cannot move (the kernel's allocator)"},
		{kernel, Answer::cannot_go, Cause::kernel_pages,
		 "Device or resource busy; the kernel says: failure to isolate range; page 0x7e40 "
		 "cannot move (memory of the kernel)"},
		{reserved, Answer::cannot_go, Cause::reserved,
		 "Device or resource busy; the kernel says: failure to isolate range; page 0x7e40 "
		 "cannot move (reserved at boot)"},
		{held, Answer::cannot_go, Cause::held_page,
		 "it did not end within its attempt deadline; page 0x300000 did not move: pid 312 "
		 "(holdpage): its memory, referenced from elsewhere (a pipe, a socket, I/O)"},
		{silent, Answer::cannot_go, Cause::unexplained,
		 "it did not end within its attempt deadline"},
	};
	for (const auto &[result, answer, cause, why] : cases) {
		const auto judged = judge_trial(result);
		EXPECT_EQ(judged.answer, answer) << why;
		EXPECT_EQ(judged.cause, cause) << why;
		EXPECT_EQ(judged.why, why);
	}
}

TEST(Trial, PlacesThatCanSayMoreAreFound)
{
	const auto sites = debug_sites(
		"# filename:lineno [module]function flags format\n"
		"init/main.c:1124 [main]run_init_process =_ \"    %s\\n\"\n"
		"mm/memory_hotplug.c:1932 [memory_hotplug]offline_pages =_ \"a: %s\\n\"\n"
		"mm/memory_hotplug.c:1970 [memory_hotplug]offline_pages =pmf \"b =_ %s\\n\"\n"
		"mm/memory_hotplug.c:1101 [memory_hotplug]online_pages =_ \"offline_pages\\n\"\n",
		"offline_pages");
	ASSERT_EQ(sites.size(), 2u);
	EXPECT_EQ(sites[0].file, "mm/memory_hotplug.c");
	EXPECT_EQ(sites[0].line, 1932u);
	EXPECT_FALSE(sites[0].on);
	EXPECT_EQ(sites[1].line, 1970u);
	EXPECT_TRUE(sites[1].on);
}

} // namespace
} // namespace memhp
