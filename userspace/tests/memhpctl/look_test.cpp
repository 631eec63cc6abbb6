// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <sstream>

#include "machine_fixture.h"
#include "terminal_program.h"

namespace memhp
{
namespace
{

using nlohmann::json;

Output ctl(const Tree &tree, Lines words, const Lines &environment = {})
{
	words.insert(words.begin(), {"--sysroot", tree.root()});
	return run(MEMHPCTL, words, environment);
}

/// Words of a table, one blank between them, "-" for an empty cell.
Lines cells(const std::string &table)
{
	Lines lines;
	std::istringstream text(table);
	for (std::string line; std::getline(text, line);) {
		std::istringstream words(line);
		std::string joined;
		for (std::string word; words >> word;)
			joined += (joined.empty() ? "" : " ") + word;
		lines.push_back(std::move(joined));
	}
	return lines;
}

TEST(Scan, BySeveralProcessesFindsTheSame)
{
	const auto tree = large_machine();
	tree->remove("kinds/dimm3/firmware_node");
	tree->link("kinds/dimm3/firmware_node",
		   "../" + std::string(100, 'x')); // too long to pass on
	const auto sysfs = opened(*tree);
	const auto one = sysfs.scan({.processes = 1});
	const auto many = sysfs.scan({.processes = 4});
	ASSERT_TRUE(one && many);
	ASSERT_EQ(one->size(), large_machine_blocks);
	ASSERT_EQ(many->size(), large_machine_blocks);
	for (size_t i = 0; i < one->size(); ++i) {
		const auto &a = (*one)[i];
		const auto &b = (*many)[i];
		ASSERT_TRUE(a.number == b.number && a.state == b.state && a.zone == b.zone &&
			    a.candidates == b.candidates && a.node == b.node &&
			    a.inode == b.inode && a.source == b.source && a.device == b.device)
			<< i;
	}
}

struct NamedTree {
	const char *name;
	std::unique_ptr<MachineTree> tree;
};

std::vector<NamedTree> all_machines()
{
	std::vector<NamedTree> machines;
	machines.push_back({"bookworm", recorded_machine("bookworm")});
	machines.push_back({"bookworm-nobody", recorded_machine("bookworm-nobody")});
	machines.push_back({"arm64, 1 GiB", arm64_machine(gib)});
	machines.push_back({"arm64, 32 MiB", arm64_machine(gib / 32)});
	return machines;
}

TEST(ListAndLsmem, SayTheSameOfEveryMachine)
{
	for (const auto &[name, tree] : all_machines()) {
		// It looks for the zones at memory0, and shows none where that does not exist.
		const bool zones = tree->exists(MachineTree::dir(0));
		const auto columns =
			std::string("RANGE,SIZE,STATE,BLOCK,NODE") + (zones ? ",ZONES" : "");
		const auto lsmem = run("/usr/bin/lsmem", {"--sysroot", tree->root(), "-b", "-r",
							  "--summary=never", "-o", columns});
		ASSERT_EQ(lsmem.status, 0) << name << ": " << lsmem.err;
		const auto ours = ctl(*tree, {"list", "-b", "-o", columns});
		EXPECT_EQ(cells(ours.out), cells(lsmem.out)) << name;
		EXPECT_GT(cells(ours.out).size(), 2u) << name;
	}
}

TEST(ListAndLsmem, SayTheSameOfEveryBlock)
{
	const std::string columns = "RANGE,STATE,BLOCK,NODE,ZONES";
	const auto tree = recorded_machine("bookworm");
	const auto lsmem = run("/usr/bin/lsmem", {"--sysroot", tree->root(), "-a", "-n", "-r",
						  "--summary=never", "-o", columns});
	ASSERT_EQ(lsmem.status, 0) << lsmem.err;
	const auto ours = cells(ctl(*tree, {"list", "--split", "-n", "-o", columns}).out);
	EXPECT_EQ(ours, cells(lsmem.out));
	EXPECT_EQ(ours.size(), 28u);
}

TEST(List, ShowsTheKernelsOtherFilesOfABlock)
{
	const MachineTree tree;
	for (uint64_t block = 0; block < 4; ++block) {
		tree.add(block, block < 3 ? "online" : "offline", "Normal");
		tree.write(MachineTree::dir(block) + "/removable", block == 0 ? "0\n" : "1\n");
		tree.write(MachineTree::dir(block) + "/phys_device", block < 2 ? "0\n" : "1\n");
	}
	EXPECT_EQ(cells(ctl(tree, {"list", "-o", "block,removable,phys_device"}).out),
		  (Lines{"BLOCK REMOVABLE PHYS_DEVICE", "0 no 0", "1 yes 0", "2 yes 1", "3 - 1"}));
	EXPECT_EQ(cells(ctl(tree, {"list", "-n", "-o", "phys_index,end_index,size"}).out),
		  (Lines{"00000000 00000003 512M"}));
	EXPECT_EQ(cells(ctl(tree, {"list", "-n", "--bytes", "-o", "size"}).out),
		  (Lines{"536870912"}));
}

TEST(Map, OfBookworm)
{
	const auto tree = recorded_machine("bookworm");
	EXPECT_EQ(ctl(*tree, {"map"}).out,
		  "3.5G, a cell is a block of 128M\n"
		  "\n"
		  "node 0  0x000000000  SLLLLLLL LLLLLLLL ........ ........ MMMM\n"
		  "node 1  0x300000000  MMOOMMMM\n"
		  "\n"
		  "L DMA32 1.9G   M Movable 1.2G   S several zones 128M   O offline 256M\n"
		  ". no memory");
}

TEST(Map, FitsTheWidth)
{
	auto machines = all_machines();
	machines.push_back({"large", large_machine()});
	for (const auto *columns : {"COLUMNS=40", "COLUMNS=80", "COLUMNS=200"})
		for (const auto &[name, tree] : machines) {
			const auto map = ctl(*tree, {"map"}, {columns}).out;
			std::istringstream text(map);
			size_t longest = 0;
			size_t lines = 0;
			for (std::string line; std::getline(text, line); ++lines)
				longest = std::max(longest, line.size());
			EXPECT_LE(longest, std::stoul(columns + 8)) << name << ", " << columns;
			EXPECT_LE(lines, 32u) << name << ", " << columns;
			EXPECT_GE(lines, 5u) << map;
		}
}

TEST(Map, OfAPartInCellsOfAGivenSize)
{
	const auto tree = recorded_machine("bookworm");
	EXPECT_EQ(ctl(*tree, {"map", "node:1", "--cell", "512M"}).out,
		  "1G, a cell is 512M, 4 blocks of 128M\n"
		  "\n"
		  "node 1  0x300000000  mM\n"
		  "\n"
		  "M Movable 768M   O offline 256M   small letters: most of the cell");
	const auto mistake = ctl(*tree, {"map", "--cell", "100M"});
	EXPECT_EQ(mistake.status, 2);
	EXPECT_NE(mistake.err.find("128M"), std::string::npos) << mistake.err;
}

TEST(List, LeavesColumnsOutOnANarrowTerminal)
{
	const auto tree = recorded_machine("bookworm");
	const auto list = [&](unsigned short width, const Lines &more = {}) {
		Lines words = {"--sysroot", tree->root(), "list"};
		words.insert(words.end(), more.begin(), more.end());
		return run_on_terminal(MEMHPCTL, words, width);
	};
	const auto wide = list(200);
	EXPECT_NE(wide.find("DEVICE"), std::string::npos) << wide;
	EXPECT_EQ(wide.find("no room"), std::string::npos) << wide;

	const auto narrow = list(80);
	EXPECT_NE(narrow.find("(no room for BY, SINCE, RANGE;"), std::string::npos) << narrow;
	std::istringstream lines(narrow);
	for (std::string line; std::getline(lines, line);)
		EXPECT_LE(line.size(), 80u + 1) << line; // the terminal adds a carriage return

	const auto named = list(80, {"-o", "RANGE,STATE,BLOCK,ZONE,NODE,SOURCE,DEVICE,SIZE"});
	EXPECT_EQ(named.find("no room"), std::string::npos) << named;
	EXPECT_NE(ctl(*tree, {"list"}).out.find("DEVICE"), std::string::npos);
}

TEST(Map, HasColoursOnATerminalOnly)
{
	const auto tree = recorded_machine("bookworm");
	const Lines words = {"--sysroot", tree->root(), "map", "98"};
	EXPECT_NE(run_on_terminal(MEMHPCTL, words, 80)
			  .find("node 1  0x310000000  \033[100;37mO\033[0m\r\n"),
		  std::string::npos);
	EXPECT_EQ(run_on_terminal(MEMHPCTL, words, 80, {"TERM=xterm", "NO_COLOR=1"}).find('\033'),
		  std::string::npos);
	EXPECT_EQ(run_on_terminal(MEMHPCTL, words, 80, {"TERM=dumb"}).find('\033'),
		  std::string::npos);
	EXPECT_EQ(ctl(*tree, {"map"}, {"TERM=xterm"}).out.find('\033'), std::string::npos);
}

TEST(Map, AsJsonIsTheSameAtAnyWidth)
{
	const auto tree = recorded_machine("bookworm");
	const auto document = json::parse(ctl(*tree, {"map", "--json"}).out);
	EXPECT_EQ(document.at("block_size"), gib / 8);
	const auto &list = document.at("stretches");
	ASSERT_EQ(list.size(), 6u);
	EXPECT_EQ(list[4], json({{"node", 1},
				 {"address", "0x310000000"},
				 {"size", gib / 4},
				 {"first_block", 98},
				 {"last_block", 99},
				 {"state", "offline"},
				 {"zone", nullptr}}));
}

} // namespace
} // namespace memhp
