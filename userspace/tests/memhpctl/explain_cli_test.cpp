// SPDX-License-Identifier: GPL-2.0-only
#include <fstream>

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "program.h"
#include "tree.h"

namespace memhp
{
namespace
{

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }
constexpr uint64_t buddy = bit(10);
constexpr uint64_t anon = bit(5) | bit(11) | bit(12) | bit(14);

/// Two nodes, each with a block that is free at first: 8 in a kernel zone, 9 movable. Block 10 is
/// offline.
class ExplainOfTree : public testing::Test
{
protected:
	ExplainOfTree()
	{
		tree.add(8, "online", "Normal", 0);
		tree.add(9, "online", "Movable", 1);
		tree.add(10, "offline", "Movable", 1);
		tree.write("proc/iomem", "40000000-4fffffff : System RAM\n"
					 "50000000-57ffffff : System RAM\n");
		for (int node : {0, 1})
			tree.write(fmt::format("sys/devices/system/node/node{}/meminfo", node),
				   fmt::format("Node {0} MemTotal:  1048576 kB\n"
					       "Node {0} MemFree:      {1} kB\n"
					       "Node {0} Active(file):    16 kB\n",
					       node, node == 0 ? 1024 : 65536));
		tree.write("memhp-collect/page_size", fmt::format("{}\n", sysconf(_SC_PAGESIZE)));
		for (uint64_t block : {8, 9})
			tree.set_page_flags(block, 0, std::vector<uint64_t>(block_pages, buddy));
	}

	void load_module(const std::string &pages, const std::string &blocks = "") const
	{
		tree.write(module + "abi", "1\n");
		tree.write(module + "blocks", blocks);
		// The record of a block is at its number.
		tree.write(module + "pages", std::string(9, '\n') + pages);
	}

	/// A process that maps this page.
	void add_process(int pid, uint64_t pfn) const
	{
		const auto dir = fmt::format("proc/{}/", pid);
		const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
		const uint64_t entry = bit(63) | pfn;
		tree.write(dir + "maps", fmt::format("0-{:x} rw-p 00000000 00:00 0\n", page));
		tree.write(dir + "comm", "holder\n");
		tree.write(dir + "pagemap",
			   {reinterpret_cast<const char *>(&entry), sizeof(entry)});
	}

	Output ctl(Words words) const
	{
		words.insert(words.begin(), {"--sysroot", tree.root()});
		return run(MEMHPCTL, words);
	}

	json explain(const std::string &block) const
	{
		const auto output = ctl({"--json", "explain", block});
		EXPECT_EQ(output.status, 0) << output.err;
		return json::parse(output.out, nullptr, false);
	}

	const std::string module = "sys/kernel/debug/memhp/";
	MachineTree tree;
	const uint64_t block_pages =
		(uint64_t{1} << 27) / static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
};

TEST_F(ExplainOfTree, AFreeBlockCanGo)
{
	const auto document = explain("9");
	const auto &block = document.at("blocks").at(0);
	EXPECT_EQ(block.at("verdict"), "can_go");
	EXPECT_EQ(block.at("cause"), "none");
	EXPECT_EQ(block.at("pages").at("free"), block_pages);
	EXPECT_EQ(block.at("to_move"), 0);
	EXPECT_EQ(block.at("hole"), 0);
	EXPECT_EQ(block.at("held"), nullptr) << "nobody can know without the module";
	EXPECT_EQ(document.at("gaps").size(), 1u) << document.at("gaps");
	EXPECT_EQ(explain("10").at("blocks").at(0).at("verdict"), "offline");
}

TEST_F(ExplainOfTree, RoomIsThatOfTheOtherNode)
{
	tree.set_page_flags(9, 100, std::vector<uint64_t>(300, anon));
	load_module("block=9 anon=300 held=0 held_first=-\n");
	const auto block = explain("9").at("blocks").at(0);
	EXPECT_EQ(block.at("room").at("bytes"), 1040 << 10);
	EXPECT_EQ(block.at("verdict"), "cannot_go");
	EXPECT_EQ(block.at("cause"), "no_room");
	tree.remove("sys/devices/system/node/node0/meminfo");
	EXPECT_EQ(explain("9").at("blocks").at(0).at("room").at("bytes"), 0)
		<< "its own node, where all that is free is in the block itself";
}

TEST_F(ExplainOfTree, TheHolderOfAPageIsNamed)
{
	const auto pfn = 9 * block_pages + 7;
	tree.set_page_flags(9, 7, {anon});
	load_module(fmt::format("block=9 anon=1 held=1 held_first={:#x}:anon:2:1\n", pfn));
	add_process(77, pfn);
	const auto document = explain("9");
	const auto &block = document.at("blocks").at(0);
	EXPECT_EQ(block.at("verdict"), "cannot_go");
	EXPECT_EQ(block.at("cause"), "held_page");
	EXPECT_EQ(block.at("held").at(0).at("owner").at("pid"), 77);
	EXPECT_EQ(block.at("held").at(0).at("owner").at("comm"), "holder");
	EXPECT_EQ(document.at("owners").at("processes").at(0).at("pages"), 1);
	EXPECT_TRUE(document.at("gaps").empty()) << document.at("gaps");

	const auto text = ctl({"explain", "9"}).out;
	EXPECT_EQ(text.substr(0, text.find('\n')),
		  "block 9 (0x48000000, 128M, zone Movable, node 1, boot): cannot go");
	EXPECT_NE(text.find(fmt::format("page {:#x} is held and does not move: pid 77 (holder)",
					pfn)),
		  std::string::npos)
		<< text;
}

TEST_F(ExplainOfTree, WhetherABrokenBlockComesBackIsUpToTheKernel)
{
	tree.poison(9);
	const std::pair<const char *, const char *> cases[] = {
		{"5.10.0-30-amd64", "can_go"},	      {"6.1.0-56-amd64", "can_go"},
		{"6.2.0", "can_go_cannot_come_back"}, {"7.3.4", "can_go_cannot_come_back"},
		{"", "can_go_cannot_come_back"},
	};
	for (const auto &[release, verdict] : cases) {
		tree.write("proc/sys/kernel/osrelease", std::string(release) + "\n");
		const auto block = explain("9").at("blocks").at(0);
		EXPECT_EQ(block.at("verdict"), verdict) << release;
		EXPECT_EQ(block.at("cause"), "poisoned") << release;
	}
}

TEST_F(ExplainOfTree, AHoleIsNamed)
{
	tree.write("proc/iomem", "40000000-47ffffff : System RAM\n48000000-4fff7fff : System RAM\n"
				 "4fff8000-4fffffff : ACPI Tables\n");
	const auto block = explain("9").at("blocks").at(0);
	EXPECT_EQ(block.at("cause"), "hole");
	EXPECT_EQ(block.at("why"), "32K of it is no memory (ACPI Tables)");
	EXPECT_EQ(block.at("contains").at(0), "ACPI Tables");
}

/// What a file with an entry a page has of a block depends on the page size of the machine from
/// which the tree is.
TEST(ExplainElsewhere, CountsThePagesOfThatMachine)
{
	const struct {
		uint64_t page_size;
		uint64_t block_size;
	} machines[] = {
		{4096, 1 << 27},
		{16384, 1 << 27},
		{65536, 1 << 29},
	};
	for (const auto &machine : machines) {
		const auto pages = machine.block_size / machine.page_size;
		MachineTree tree(machine.block_size);
		for (const int node : {0, 1}) {
			tree.add(4 + static_cast<uint64_t>(node), "online", "Movable", node);
			tree.write(fmt::format("sys/devices/system/node/node{}/meminfo", node),
				   "Node 0 MemTotal: 524288 kB\nNode 0 MemFree: 524288 kB\n");
		}
		tree.write("proc/iomem",
			   fmt::format("{:x}-{:x} : System RAM\n", 4 * machine.block_size,
				       6 * machine.block_size - 1));
		// Blocks 0 to 3 are not there. Of block 5 three pages are in use, the last one too.
		std::vector<uint64_t> flags(6 * pages, buddy);
		flags[5 * pages] = flags[5 * pages + 9] = flags[6 * pages - 1] = anon;
		tree.write("proc/kpageflags", {reinterpret_cast<const char *>(flags.data()),
					       flags.size() * sizeof(uint64_t)});
		// It maps one of them, at its fourth page.
		const uint64_t entries[] = {0, 0, 0, bit(63) | (5 * pages + 9)};
		tree.write("proc/77/maps",
			   fmt::format("{:x}-{:x} rw-p 00000000 00:00 0\n", 3 * machine.page_size,
				       4 * machine.page_size));
		tree.write("proc/77/comm", "user\n");
		tree.write("proc/77/pagemap",
			   {reinterpret_cast<const char *>(entries), sizeof(entries)});
		const auto explain = [&] {
			const auto output =
				run(MEMHPCTL, {"--sysroot", tree.root(), "--json", "explain", "5"});
			EXPECT_EQ(output.status, 0) << output.err;
			return json::parse(output.out, nullptr, false);
		};
		const auto check = [&] {
			const auto document = explain();
			const auto &block = document.at("blocks").at(0);
			EXPECT_EQ(document.at("page_size"), machine.page_size);
			EXPECT_EQ(block.at("pages").at("free"), pages - 3);
			EXPECT_EQ(block.at("pages").at("anon"), 3);
			EXPECT_EQ(block.at("to_move"), 3 * machine.page_size);
			EXPECT_EQ(block.at("hole"), 0);
			const auto &processes = document.at("owners").at("processes");
			ASSERT_EQ(processes.size(), 1u);
			EXPECT_EQ(processes.at(0).at("pages"), 1);
			EXPECT_EQ(document.at("gaps").size(), 1u) << "only the module";
		};
		tree.write("memhp-collect/page_size", fmt::format("{}\n", machine.page_size));
		check();
		// One that was not collected by memhpctl.
		tree.remove("memhp-collect");
		tree.write(
			"proc/zoneinfo",
			fmt::format("Node 0, zone  Movable\n  pages free 1\n        managed  {}\n",
				    (uint64_t{1} << 30) / machine.page_size));
		tree.write("proc/meminfo", "MemTotal: 1048576 kB\n");
		check();
		tree.remove("proc/zoneinfo");
		const auto gaps = explain().at("gaps");
		ASSERT_EQ(gaps.size(), 2u);
		EXPECT_NE(gaps.at(0).get<std::string>().find("how large its pages are"),
			  std::string::npos);
	}
}

TEST_F(ExplainOfTree, HugePagesFindAPlaceInPools)
{
	if (block_pages != 32768)
		GTEST_SKIP() << "sizes are those of pages of 4 KiB";
	std::vector<uint64_t> flags(3 * 512, bit(17) | bit(16));
	for (size_t i = 0; i < flags.size(); i += 512)
		flags[i] = bit(17) | bit(15);
	tree.set_page_flags(9, 512, flags);
	load_module("block=9 huge=1024 held=0 held_first=-\n");
	const auto pool = [&](int node, int free) {
		tree.write(fmt::format("sys/devices/system/node/node{}/hugepages/hugepages-2048kB/"
				       "free_hugepages",
				       node),
			   fmt::format("{}\n", free));
	};
	pool(0, 1);
	pool(1, 1);
	auto block = explain("9").at("blocks").at(0);
	EXPECT_EQ(block.at("verdict"), "cannot_go") << "one finds a place, the other none";
	EXPECT_EQ(block.at("cause"), "huge_page");
	EXPECT_EQ(block.at("room").at("huge"),
		  json::parse(R"([{"size": 2097152, "gigantic": false, "pool": 1, "pieces": 0,
				   "spare": 2}])"));
	EXPECT_NE(ctl({"explain", "9"})
			  .out.find("  huge pages    2 of 3 of 2M in use; "
				    "elsewhere 1 free in pools, 0 could be made\n"),
		  std::string::npos)
		<< ctl({"explain", "9"}).out;
	tree.remove(module);
	EXPECT_NE(ctl({"explain", "9"}).out.find("  huge pages    0 of 3 of 2M mapped; "),
		  std::string::npos);
	load_module("block=9 huge=1024 held=0 held_first=-\n");
	pool(0, 2);
	EXPECT_EQ(explain("9").at("blocks").at(0).at("verdict"), "can_go");
}

TEST_F(ExplainOfTree, TheLastFailureIsTold)
{
	load_module(
		"block=9 held=0 held_first=-\n",
		"block=9 state=online changed_ns=5 failed_ns=6 stage=notifier err=16 comm=sh\n"
		"block=8 state=online changed_ns=7 failed_ns=6 stage=notifier err=16 comm=sh\n");
	const auto block = explain("9").at("blocks").at(0);
	EXPECT_EQ(block.at("last_failure").at("stage"), "notifier");
	EXPECT_EQ(block.at("last_failure").at("by"), "sh");
	EXPECT_EQ(block.at("last_failure").at("ago_ms"), nullptr) << "a tree that has no clock";
	EXPECT_EQ(explain("8").at("blocks").at(0).at("last_failure"), nullptr);
}

TEST_F(ExplainOfTree, TimeIsThatOfTheCollectedMachine)
{
	const auto failed_at = [&](int seconds) {
		load_module("block=9 held=0 held_first=-\n",
			    fmt::format("block=9 state=online changed_ns=5 failed_ns={}000000000 "
					"stage=notifier err=16 comm=sh\n",
					seconds));
		return explain("9").at("blocks").at(0);
	};
	tree.write("memhp-collect/clock", "realtime_ns=1700000000000000000 "
					  "boot_ns=1000000000000\n");
	const auto recent = failed_at(940);
	EXPECT_EQ(recent.at("last_failure").at("ago_ms"), 60'000);
	EXPECT_EQ(recent.at("cause"), "veto");
	EXPECT_NE(ctl({"explain", "9"}).out.find("offline 1m ago: "), std::string::npos);
	const auto old = failed_at(100);
	EXPECT_EQ(old.at("last_failure").at("ago_ms"), 900'000);
	EXPECT_EQ(old.at("verdict"), "can_go");
}

TEST_F(ExplainOfTree, SeveralBlocksAreShownInShort)
{
	tree.set_page_flags(8, 5, {bit(7)});
	const auto output = ctl({"explain", "all"});
	EXPECT_EQ(output.status, 0);
	EXPECT_EQ(output.out.substr(0, output.out.find("\n\n")),
		  "block 8: cannot go: it is in zone Normal and has 1 page of the kernel's "
		  "allocator (slab), which do not move\n"
		  "block 9: can go\n"
		  "block 10: is offline");
}

TEST_F(ExplainOfTree, BadTargetsAreUsageErrors)
{
	const struct {
		Words words;
		int status;
		const char *message;
	} cases[] = {
		{{"explain"}, 2, "required"},
		{{"explain", "4G"}, 2, "explain takes no size"},
		{{"explain", "lunch"}, 2, "lunch"},
		{{"explain", "99"}, 2, "99"},
	};
	for (const auto &[words, status, message] : cases) {
		const auto output = ctl(words);
		EXPECT_EQ(output.status, status) << message;
		EXPECT_NE(output.err.find(message), std::string::npos) << output.err;
		EXPECT_EQ(output.out, "");
	}
}

} // namespace
} // namespace memhp
