// SPDX-License-Identifier: GPL-2.0-only
#include <sys/stat.h>

#include <fmt/format.h>

#include "machine_fixture.h"
#include "memhpctl/collect_list.h"

namespace memhp
{
namespace
{

using nlohmann::json;

TEST(CollectPattern, StandsForNames)
{
	const struct {
		const char *name;
		const char *pattern;
		bool fits;
	} cases[] = {
		{"state", "state", true},
		{"state", "states", false},
		{"states", "state", false},
		{"", "*", true},
		{"node12", "node*", true},
		{"nod", "node*", false},
		{"80-memhp.rules", "*memhp*", true},
		{"80-memory.rules", "*memhp*", false},
		{"abab", "*ab", true},
		{"ababx", "*ab", false},
		{"nr_overcommit_hugepages", "nr_*hugepages*", true},
		{"nr_hugepages_mempolicy", "nr_*hugepages*", true},
		{"123", "#", true},
		{"12x", "#", false},
		{"self", "#", false},
	};
	for (const auto &[name, pattern, wanted] : cases)
		EXPECT_EQ(fits(name, pattern), wanted) << name << " " << pattern;
}

/// A machine with a history and devices, and a place to collect it to.
class Collected : public testing::Test
{
protected:
	Collected()
	{
		tree->write("sys/kernel/debug/memhp/events",
			    "seq=0 boot_ns=600000000000 event=online block=96 nid=1 comm=a\n"
			    "seq=1 boot_ns=700000000000 event=offline block=97 nid=1 comm=b\n");
		tree->write(
			"sys/kernel/debug/memhp/latency",
			"op=online result=ok count=1 unmeasured=0 sum_us=9 max_us=9 from_0=1\n");
		tree->write("memhp-collect/clock",
			    "realtime_ns=1780315200000000000 boot_ns=1000\n");
		tree->write("sys/devices/platform/e820/dax0.0/size", "1073741824\n");
		tree->link("sys/bus/dax/devices/dax0.0", "../../../devices/platform/e820/dax0.0");
		for (const int node : {0, 1}) {
			const auto dir = fmt::format("sys/devices/system/node/node{}/", node);
			tree->write(dir + "meminfo", "Node 0 MemTotal: 9 kB\n");
			tree->write(dir + "hugepages/hugepages-2048kB/free_hugepages", "7\n");
		}
		tree->write("sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "3\n");
		tree->write("memhp-collect/page_size", "16384\n");
		tree->write("proc/17/comm", "agent\n");
		tree->write("proc/self/comm", "not this\n");
		tree->write("etc/memhp/memhpd.toml", "[online]\naction = \"leave\"\n");
		tree->write("proc/sys/kernel/osrelease", "6.1.0\n");
		tree->write("boot/config-6.1.0", "CONFIG_MEMORY_HOTPLUG=y\n");
	}
	Output ctl(const std::string &root, Lines words) const
	{
		words.insert(words.begin(), {"--sysroot", root});
		return run(MEMHPCTL, words);
	}
	Output collect(const std::string &file, const Lines &more = {}) const
	{
		Lines words = {"collect", place.path(file)};
		words.insert(words.end(), more.begin(), more.end());
		return ctl(tree->root(), words);
	}
	void unpack(const std::string &file) const
	{
		const auto tar = run("/usr/bin/tar", {"-xf", place.path(file), "-C", place.root()});
		ASSERT_EQ(tar.status, 0) << tar.err;
	}

	std::unique_ptr<MachineTree> tree = recorded_machine("bookworm");
	Tree place;
};

TEST_F(Collected, LooksTheSameToEveryVerb)
{
	const auto done = collect("machine.tar");
	ASSERT_EQ(done.status, 0) << done.err;
	EXPECT_EQ(done.err, "");
	unpack("machine.tar");
	const auto copy = place.path("machine");
	for (const Lines &words :
	     {Lines{"list"}, Lines{"list", "--json"}, Lines{"map"}, Lines{"map", "--json"},
	      Lines{"status", "--json"}, Lines{"stats"}, Lines{"events"},
	      Lines{"policy", "show", "--json"}, Lines{"metrics"}, Lines{"explain", "96"},
	      Lines{"explain", "96", "--json"}}) {
		auto here = ctl(tree->root(), words);
		const auto there = ctl(copy, words);
		for (size_t at = 0; (at = here.out.find(tree->root(), at)) != std::string::npos;)
			here.out.replace(at, tree->root().size(), copy);
		EXPECT_EQ(here.status, there.status) << words[0];
		EXPECT_EQ(here.out, there.out) << words[0];
		EXPECT_GT(there.out.size(), 10u) << words[0] << there.err;
	}
}

TEST_F(Collected, TellsTheSizeOfPagesAndThePools)
{
	ASSERT_EQ(collect("machine.tar").status, 0);
	unpack("machine.tar");
	const auto document =
		json::parse(ctl(place.path("machine"), {"--json", "explain", "96"}).out);
	EXPECT_EQ(document.at("page_size"), 16384);
	const auto &huge = document.at("blocks").at(0).at("room").at("huge").at(0);
	EXPECT_EQ(huge.at("pool"), 7);
	EXPECT_EQ(huge.at("spare"), 11);
}

TEST_F(Collected, HasLinksAndWhatIsBehindThem)
{
	collect("machine.tar.gz");
	unpack("machine.tar.gz");
	const Lines there = {place.read("machine/sys/bus/dax/devices/dax0.0/size"),
			     place.read("machine/sys/devices/platform/e820/dax0.0/size"),
			     place.read("machine/proc/17/comm"),
			     place.read("machine/boot/config-6.1.0")};
	EXPECT_EQ(there, (Lines{"1073741824", "1073741824", "agent", "CONFIG_MEMORY_HOTPLUG=y"}));
	EXPECT_FALSE(place.exists("machine/proc/self"));
	struct stat link;
	ASSERT_EQ(lstat(place.path("machine/sys/bus/dax/devices/dax0.0").c_str(), &link), 0);
	EXPECT_TRUE(S_ISLNK(link.st_mode));
}

TEST_F(Collected, TellsBootMemoryThatHasAFirmwareDeviceToo)
{
	tree->remove("sys/kernel/debug/memhp");
	tree->write("memhp-collect/early", "0-15,96\n");
	const auto source = [&](const std::string &root, const std::string &block) {
		return ctl(root, {"list", block, "-n", "-o", "source"}).out;
	};
	EXPECT_EQ(source(tree->root(), "96"), "boot");
	EXPECT_EQ(source(tree->root(), "97"), "acpi-dimm");
	collect("machine.tar");
	unpack("machine.tar");
	EXPECT_EQ(source(place.path("machine"), "96"), "boot");
	EXPECT_EQ(source(place.path("machine"), "97"), "acpi-dimm");
}

TEST_F(Collected, ReplacesAFileOnlyIfAsked)
{
	place.write("machine.tar", "mine");
	const auto refused = collect("machine.tar");
	EXPECT_EQ(refused.status, 1);
	EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
	EXPECT_EQ(place.read("machine.tar"), "mine");
	EXPECT_EQ(collect("machine.tar", {"--force"}).status, 0);
	EXPECT_NE(place.read("machine.tar"), "mine");
	EXPECT_FALSE(place.exists("machine.tar.new"));
	struct stat file;
	ASSERT_EQ(stat(place.path("machine.tar").c_str(), &file), 0);
	EXPECT_EQ(file.st_mode & 0777, 0600u) << "it has addresses of the kernel";
}

TEST_F(Collected, SaysWhatItCannotRead)
{
	const std::string loop = "sys/kernel/debug/memhp/status";
	tree->remove(loop);
	tree->link(loop, "status"); // ELOOP
	const auto done = collect("machine.tar", {"--json"});
	EXPECT_EQ(done.status, 0);
	const auto report = json::parse(done.out);
	EXPECT_EQ(report.at("directory"), "machine");
	EXPECT_EQ(report.at("unreadable").size(), 1u) << done.out;
	EXPECT_GT(report.at("files"), 100);
	unpack("machine.tar");
	EXPECT_NE(place.read("machine/memhp-collect/missing").find(loop), std::string::npos);
}

TEST_F(Collected, AFailureLeavesNothing)
{
	const struct {
		const char *file;
		int status;
		const char *why;
	} cases[] = {
		{"machine", 2, ".tar.gz"},
		{"machine.zip", 2, ".tar.gz"},
		{".tar", 2, ".tar.gz"},
		{"nowhere/machine.tar", 1, "nowhere"},
	};
	for (const auto &[file, status, why] : cases) {
		const auto done = collect(file);
		EXPECT_EQ(done.status, status) << file;
		EXPECT_NE(done.err.find(why), std::string::npos) << done.err;
		EXPECT_FALSE(place.exists(file));
		EXPECT_FALSE(place.exists(std::string(file) + ".new"));
	}
}

} // namespace
} // namespace memhp
