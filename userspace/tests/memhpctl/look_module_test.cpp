// SPDX-License-Identifier: GPL-2.0-only
#include <sstream>

#include "machine_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

constexpr auto module_dir = "sys/kernel/debug/memhp/";

/// The recorded machine with a history, collected at 12:00:00 UTC, an hour after its boot.
class History : public testing::Test
{
protected:
	History()
	{
		write("events", "seq=0 boot_ns=600000000000 event=online block=96 nid=1 comm=a\n"
				"seq=1 boot_ns=1800000000000 event=offline block=97 nid=1 comm=b\n"
				"event=lost count=7\n"
				"seq=9 boot_ns=3590000000000 event=online block=32 nid=0 comm=c\n");
		write("latency",
		      "op=online result=ok count=3 unmeasured=0 sum_us=4500 max_us=3000 from_0=0 "
		      "from_512=0 from_1024=2 from_2048=1 from_4096=0\n"
		      "op=offline result=ok count=0 unmeasured=0 sum_us=0 max_us=0 from_0=0\n"
		      "op=offline result=isolate count=2 unmeasured=2 sum_us=0 max_us=0 "
		      "from_0=0\n");
		tree->write("memhp-collect/clock",
			    "realtime_ns=1780315200000000000 boot_ns=3600000000000\n");
	}
	void write(const std::string &file, const std::string &content) const
	{
		tree->write(module_dir + file, content);
	}
	Output ctl(Lines words) const
	{
		words.insert(words.begin(), {"--sysroot", tree->root()});
		return run(MEMHPCTL, words, {"TZ=UTC"});
	}
	/// The tasks of the records that `words` let pass.
	std::string who(Lines words) const
	{
		words.insert(words.begin(), {"events", "--json"});
		const auto output = ctl(words);
		if (output.status != 0)
			return output.err;
		const auto document = json::parse(output.out);
		std::string text;
		for (const auto &event : document.at("events"))
			text += event.value("comm", "?");
		return text;
	}

	std::unique_ptr<MachineTree> tree = recorded_machine("bookworm");
};

TEST_F(History, IsFilteredByTimeBlockAndNode)
{
	const struct {
		Lines words;
		const char *who;
	} cases[] = {
		{{}, "ab?c"},
		{{"--since", "10s"}, "?c"},
		{{"--since", "30m"}, "b?c"},
		{{"--since", "2h"}, "ab?c"},
		{{"--since", "11:59:50"}, "?c"},
		{{"--since", "11:59:51"}, "?"},
		{{"--since", "11:10"}, "ab?c"},
		{{"--since", "11:11"}, "b?c"},
		{{"--since", "12:00"}, "?"},
		{{"--since", "12:01"}, "ab?c"}, // that was yesterday
		{{"--since", "2026-06-01"}, "ab?c"},
		{{"--since", "2026-06-01 11:59:50"}, "?c"},
		{{"--since", "2026-06-01T11:20"}, "b?c"},
		{{"--since", "2026-07-01"}, "?"},
		{{"--block", "97"}, "b?"},
		{{"--block", "0-32,97"}, "b?c"},
		{{"--node", "1"}, "ab?"},
		{{"--node", "1", "--node", "0"}, "ab?c"},
		{{"--node", "0", "--block", "97"}, "?"},
	};
	for (const auto &[words, wanted] : cases)
		EXPECT_EQ(who(words), wanted) << (words.empty() ? "all" : words.back());
}

TEST_F(History, HasTheTimesOfItsMachine)
{
	const auto events = ctl({"events", "--block", "96"}).out;
	EXPECT_NE(events.find(" 11:10:00.000 "), std::string::npos) << events;
	tree->remove("memhp-collect/clock");
	const auto unknown = ctl({"events", "--block", "96"}).out;
	EXPECT_NE(unknown.find(" 600.000s after boot "), std::string::npos) << unknown;
	const auto since = ctl({"events", "--since", "10m"});
	EXPECT_EQ(since.status, 2);
	EXPECT_NE(since.err.find("when it was recorded"), std::string::npos) << since.err;
}

TEST_F(History, ABadFilterIsAMistake)
{
	for (const Lines &words :
	     {Lines{"--since", "lunch"}, Lines{"--since", "-5m"}, Lines{"--since", "25:00"},
	      Lines{"--since", "11:10x"}, Lines{"--block", "lunch"}, Lines{"--block", "4G"},
	      Lines{"--block", "node:1"}, Lines{"--block", "9-3"}, Lines{"--node", "lunch"},
	      Lines{"--node", "-1"}}) {
		auto all = words;
		all.insert(all.begin(), "events");
		const auto output = ctl(all);
		EXPECT_EQ(output.status, 2) << words[0] << " " << words[1];
		EXPECT_NE(output.err, "");
		EXPECT_EQ(output.out, "");
	}
}

TEST_F(History, HasStatistics)
{
	EXPECT_EQ(ctl({"stats"}).out,
		  "online: 3 attempts, 3 ok, 0 failed\n"
		  "offline: 2 attempts, 0 ok, 2 failed (2 at isolate)\n"
		  "\n"
		  "online ok: 3, mean 1.5ms, longest 3.0ms, half below 2.0ms, 95 % below 3.0ms\n"
		  "     1.0ms  2  "
		  "#################################################################\n"
		  "     2.0ms  1  #################################\n"
		  "\n"
		  "offline failed at isolate: 2, not measured");
	const auto list = json::parse(ctl({"stats", "--json"}).out).at("latencies");
	ASSERT_EQ(list.size(), 2u);
	EXPECT_EQ(list[0], json({{"operation", "online"},
				 {"result", "ok"},
				 {"count", 3},
				 {"unmeasured", 0},
				 {"sum_us", 4500},
				 {"max_us", 3000},
				 {"buckets",
				  {{{"from_us", 1024}, {"to_us", 2048}, {"count", 2}},
				   {{"from_us", 2048}, {"to_us", 4096}, {"count", 1}}}}}));
}

TEST_F(History, WithoutTheModuleSaysWhatToDo)
{
	tree->remove(module_dir);
	for (const auto *verb : {"stats", "events"}) {
		const auto output = ctl({verb});
		EXPECT_EQ(output.status, 1);
		EXPECT_EQ(output.out, "");
		EXPECT_NE(output.err.find("modprobe memhp"), std::string::npos) << output.err;
	}
}

TEST_F(History, ABrokenLatencyFileIsAFailure)
{
	write("latency", "op=online result=ok count=3\n");
	const auto output = ctl({"stats"});
	EXPECT_EQ(output.status, 1);
	EXPECT_NE(output.err.find("latency"), std::string::npos) << output.err;
}

TEST_F(History, ProbeChecksTheAddress)
{
	const auto none = ctl({"probe", "0x400000000", "--dry-run"});
	EXPECT_EQ(none.status, 1);
	EXPECT_NE(none.err.find("CONFIG_ARCH_MEMORY_PROBE"), std::string::npos) << none.err;
	tree->write("sys/devices/system/memory/probe", "");
	const struct {
		const char *address;
		int status;
		const char *says;
	} cases[] = {
		{"0x400000000", 0, "would add memory block 128 at 0x400000000, 128M"},
		{"17179869184", 0, "would add memory block 128 at 0x400000000, 128M"},
		{"0x400000001", 2, "0x400000000 is"},
		{"0x300000000", 1, "block 96 at 0x300000000 is there already"},
		{"lunch", 2, "0x180000000"},
		{"-1", 2, ""},
		{"0x10000000000000000", 2, "no address"},
		{"", 2, "no address"},
	};
	for (const auto &[address, status, says] : cases) {
		const auto output = ctl({"probe", "--dry-run", address});
		EXPECT_EQ(output.status, status) << address;
		EXPECT_NE((output.out + output.err).find(says), std::string::npos)
			<< output.out << output.err;
	}
	EXPECT_EQ(ctl({"probe", "0x400000000"}).status, 2) << "a recorded tree";
	EXPECT_EQ(tree->read("sys/devices/system/memory/probe"), "");
}

TEST_F(History, WaitTakesOneCondition)
{
	for (const Lines &words :
	     {Lines{"wait"}, Lines{"wait", "--settled", "--online", "1G"},
	      Lines{"wait", "--online", "0"}, Lines{"wait", "--online", "lunch"},
	      Lines{"wait", "--online", "-1G"}, Lines{"wait", "--settled", "--timeout", "5"},
	      Lines{"wait", "--settled", "--timeout", "0s"}, Lines{"wait", "--settled"}}) {
		const auto output = ctl(words);
		EXPECT_EQ(output.status, 2) << output.err;
		EXPECT_NE(output.err, "");
	}
}

/// The words of each line below "Examples:" in the help of a verb, without those that need the
/// running machine.
std::vector<Lines> examples(const std::string &verb)
{
	std::vector<Lines> found;
	std::istringstream help(run(MEMHPCTL, {verb, "--help"}).out);
	std::string line;
	while (std::getline(help, line) && line != "Examples:")
		;
	while (std::getline(help, line)) {
		std::istringstream text(line);
		Lines words;
		for (std::string word; text >> word;)
			words.push_back(word);
		if (words.size() > 1 && words[0] == "memhpctl")
			found.emplace_back(words.begin() + 1, words.end());
	}
	return found;
}

TEST_F(History, EveryExampleOfTheHelpWorks)
{
	for (const auto *verb : {"list", "map", "stats", "events"}) {
		const auto found = examples(verb);
		EXPECT_GE(found.size(), 2u) << verb;
		for (const auto &words : found) {
			const auto output = ctl(words);
			EXPECT_EQ(output.status, 0) << verb << ": " << output.err;
			EXPECT_NE(output.out, "") << verb;
		}
	}
}

} // namespace
} // namespace memhp
