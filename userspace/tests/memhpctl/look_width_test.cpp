// SPDX-License-Identifier: GPL-2.0-only
// What every verb prints fits the terminal at which it ends.
#include <algorithm>
#include <sstream>

#include "machine_fixture.h"
#include "terminal_program.h"

namespace memhp
{
namespace
{

class Looked : public testing::Test
{
protected:
	Looked()
	{
		const std::string module = "sys/kernel/debug/memhp/";
		tree->write(module + "events",
			    "seq=1800 boot_ns=600000000000 event=going_offline block=131072 nid=12 "
			    "zone=Movable dur_us=17000 comm=memhp-writer pid=12345\n"
			    "seq=1801 boot_ns=700000000000 event=offline_failed block=97 nid=1 "
			    "zone=Movable node_change=loses_last dur_us=2000123 stage=migrate "
			    "err=4 pid=77 comm=kworker/u4:0 work=acpi_hotplug_work_fn\n");
		tree->write(module + "latency",
			    "op=online result=ok count=812345678 unmeasured=0 sum_us=912345123456 "
			    "max_us=70000123 from_0=0 from_512=812345678 from_1024=0\n"
			    "op=offline result=isolate count=3 unmeasured=0 sum_us=45 max_us=30 "
			    "from_0=0 from_16=3 from_32=0\n");
	}

	std::string look(const Lines &verb, unsigned short width) const
	{
		Lines words = {"--sysroot", tree->root()};
		words.insert(words.end(), verb.begin(), verb.end());
		return run_on_terminal(MEMHPCTL, words, width,
				       {"TERM=xterm", "TZ=UTC", "NO_COLOR=1"});
	}

	std::unique_ptr<MachineTree> tree = recorded_machine("bookworm");
};

/// The longest line and its width.
std::pair<size_t, std::string> widest(const std::string &text)
{
	std::pair<size_t, std::string> most;
	std::istringstream lines(text);
	for (std::string line; std::getline(lines, line);) {
		line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
		// A character of several bytes is one.
		const auto width =
			static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char byte) {
				return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
			}));
		if (width > most.first)
			most = {width, line};
	}
	return most;
}

TEST_F(Looked, FitsTheTerminal)
{
	const Lines verbs[] = {
		{"list"},
		{"list", "--split"},
		{"map"},
		{"status"},
		{"stats"},
		{"events"},
		{"explain", "97"},
		{"explain", "all"},
		{"plan", "add", "64G", "--node", "1"},
		{"plan", "offline", "2G"},
		{"doctor"},
		{"policy", "show"},
		{"explain", "4096"},
		{"offline", "32"},
		{"watch"},
		{"--help"},
		{"list", "--help"},
		{"map", "--help"},
		{"status", "--help"},
		{"online", "--help"},
		{"offline", "--help"},
		{"eject", "--help"},
		{"cancel", "--help"},
		{"explain", "--help"},
		{"events", "--help"},
		{"watch", "--help"},
		{"stats", "--help"},
		{"wait", "--help"},
		{"probe", "--help"},
		{"collect", "--help"},
		{"metrics", "--help"},
		{"policy", "--help"},
		{"policy", "check", "--help"},
		{"plan", "--help"},
		{"plan", "add", "--help"},
		{"plan", "offline", "--help"},
		{"doctor", "--help"},
	};
	constexpr unsigned short widths[] = {80, 120};
	for (const auto &verb : verbs)
		for (const auto width : widths) {
			const auto text = look(verb, width);
			const auto [most, line] = widest(text);
			EXPECT_LE(most, width) << verb[0] << ": " << line;
			EXPECT_GT(text.size(), 20u) << verb[0];
		}
}

TEST_F(Looked, NarrowTerminalsShowWhatMattersMost)
{
	const auto events = look({"events"}, 80);
	EXPECT_NE(events.find("acpi_hotplug_work"), std::string::npos) << events;
	EXPECT_NE(events.find("EINTR"), std::string::npos) << events;
	EXPECT_NE(events.find("(no room for "), std::string::npos) << events;
	EXPECT_EQ(look({"events"}, 200).find("(no room for "), std::string::npos);
	EXPECT_NE(look({"status"}, 80).find("16\r\n        allowed\r\n"), std::string::npos);
}

TEST_F(Looked, APipeGetsWholeLines)
{
	const auto status = run(MEMHPCTL, {"--sysroot", tree->root(), "status"});
	EXPECT_NE(status.out.find("16 allowed\n"), std::string::npos) << status.out;
	const auto events = run(MEMHPCTL, {"--sysroot", tree->root(), "events"}, {"COLUMNS=60"});
	EXPECT_NE(events.out.find("NODE-CHANGE"), std::string::npos) << events.out;
	EXPECT_NE(events.out.find("kworker/u4:0[77] acpi_hotplug_work_fn"), std::string::npos);
}

} // namespace
} // namespace memhp
