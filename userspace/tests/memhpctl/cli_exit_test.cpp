// SPDX-License-Identifier: GPL-2.0-only
// With which status memhpctl ends, and what it says then.
#include "cli_fixture.h"
#include "memhp/version.h"

namespace memhp
{
namespace
{

TEST_F(CommandLine, SuccessIs0)
{
	EXPECT_EQ(ctl({"list"}).status, 0);
	EXPECT_EQ(ctl({"status"}).status, 0);
	EXPECT_EQ(ctl({"--help"}).status, 0);
	EXPECT_EQ(ctl({"--version"}).out, "memhpctl " MEMHP_VERSION);
	EXPECT_EQ(ctl({"offline", "--help"}).status, 0);
}

TEST_F(CommandLine, FailureIs1AndSaysWhy)
{
	const struct {
		Words words;
		const char *why;
	} cases[] = {
		{{"list", "7"}, "memory block 7 does not exist"},
		{{"list", "node:9"}, "no memory block matches"},
		{{"events"}, "not loaded"},
		{{"cancel", "1"}, "memhpd is not running"},
		{{"cancel", "all"}, "memhpd is not running"},
		{{"offline", "40-41", "--dry-run"}, "--force"},
		{{"offline", "100G", "--dry-run"}, "only"},
		{{"online", "1M", "--dry-run"}, "no multiple"},
		{{"eject", "PNP0C80:01", "--dry-run"}, "there is no file eject"},
		{{"eject", "PNP0C80:09", "--dry-run"}, "no memory block matches"},
		{{"eject", "virtio0", "--dry-run"}, "a smaller requested-size"},
		{{"plan", "add", "1M"}, "no multiple"},
		{{"plan", "add", "1000P"}, "more than"},
		{{"plan", "offline", "7"}, "does not exist"},
		{{"plan", "offline", "100G"}, "only"},
		{{"plan", "offline", "40"}, "--force"},
	};
	for (const auto &[words, why] : cases) {
		const auto output = ctl(words);
		EXPECT_EQ(output.status, 1) << words[0] << " " << output.err;
		EXPECT_EQ(output.out, "");
		EXPECT_EQ(output.err.find("memhpctl: "), 0u) << output.err;
		EXPECT_NE(output.err.find(why), std::string::npos) << output.err;
	}
	EXPECT_EQ(run(MEMHPCTL, {"--sysroot", "/nowhere/at/all", "list"}).status, 1);
}

TEST_F(CommandLine, AMistakeIs2)
{
	const Words cases[] = {
		{},
		{"lunch"},
		{"--lunch"},
		{"list", "--lunch"},
		{"list", "lunch"},
		{"list", "4G"},
		{"list", "-o", "lunch"},
		{"status", "lunch"},
		{"metrics", "lunch"},
		{"cancel"},
		{"cancel", "lunch"},
		{"cancel", "1", "all"},
		{"offline"},
		{"offline", "-5"},
		{"offline", "lunch"},
		{"offline", "47-32"},
		{"offline", "0.3K"},
		{"offline", "9223372036854775808"},
		{"offline", "32", "--deadline", "5"},
		{"offline", "32", "--deadline", "0s"},
		{"offline", "32", "--attempt-deadline", "-5s"},
		{"offline", "32", "--min-free", "110%"},
		{"offline", "32", "--min-free", "-1G"},
		{"online", "32", "--min-free", "1G"},
		{"online", "32", "--zone", "lunch"},
		{"online", "32", "--force"},
		{"online", "32", "--eject"},
		{"eject"},
		{"eject", ""},
		{"eject", "one", "two"},
		{"eject", "32", "--dry-run"},
		{"eject", "4G", "--dry-run"},
		{"eject", "all", "--dry-run"},
		{"eject", "node:1", "--dry-run"},
		{"eject", "PNP0C80:01", "--deadline", "0s"},
		{"eject", "PNP0C80:01"}, // a recorded tree
		{"offline", "4G", "--eject", "--dry-run"},
		{"offline", "device:PNP0C80:01", "32", "--eject", "--dry-run"},
		{"offline", "32"}, // a recorded tree cannot be changed
		{"watch"},
		{"policy"},
		{"policy", "lunch"},
		{"policy", "check"},
		{"policy", "check", "one", "two"},
		{"policy", "show", "lunch"},
		{"plan"},
		{"plan", "lunch"},
		{"plan", "add"},
		{"plan", "add", "lunch"},
		{"plan", "add", "-1G"},
		{"plan", "add", "0"},
		{"plan", "add", "7E"},
		{"plan", "add", "99999999999P"},
		{"plan", "add", "1G", "2G"},
		{"plan", "add", "1G", "--node", "x"},
		{"plan", "add", "1G", "--node", "-1"},
		{"plan", "add", "1G", "--node", "99999999999999999999"},
		{"plan", "add", "1G", "--source", "boot"},
		{"plan", "add", "1G", "--source", "lunch"},
		{"plan", "offline"},
		{"plan", "offline", "lunch"},
		{"plan", "offline", "47-32"},
	};
	for (const auto &words : cases) {
		const auto output = ctl(words);
		std::string line;
		for (const auto &word : words)
			line += " " + word;
		EXPECT_EQ(output.status, 2) << line;
		EXPECT_NE(output.err, "") << line;
		EXPECT_EQ(output.out, "") << line;
	}
}

} // namespace
} // namespace memhp
