// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/config.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

Config parsed(std::string_view text)
{
	auto config = parse_config(text, "test.toml");
	EXPECT_TRUE(config) << config.error().front();
	return config.value_or(Config());
}

/// All that a configuration says, as lines of TOML.
Lines lines_of(const Config &config)
{
	Lines lines;
	for (const auto &[key, value] : settings(config))
		lines.push_back(key + " = " + to_toml(value));
	return lines;
}

/// Each key with a value that is not its default.
constexpr auto everything = R"(
[online]
action = "kernel-default"
mode = "kernel"
first_scan = "leave"
max_movable_ratio = 2.5
beyond_ratio = "offline"
hard_ratio = 3
ratio_per_node = true
owner_grace = "1m30s"
defend = false
rezone = true
borrow = true
[[online.rule]]
source = "dax-kmem"
node = [2, 3]
range = "0x100000000-0x1ffffffff"
min_size = "1.5G"
action = "leave"
[[online.rule]]
node = 2
action = "kernel"
[offline]
deadline = "1h"
attempt_deadline = "1500ms"
backoff = { initial = "1s", factor = 3, max = "1m", jitter = 0.5 }
min_free = "2G"
max_pressure = 5.5
assist = ["compact", "slab"]
[unplug]
retry = false
eject = false
deadline = "1m"
[metrics]
textfile = "/run/a \"b\".prom"
[hooks]
settled = ""
interval = "5m"
)";

TEST(Config, AnEmptyFileGivesTheDefaults)
{
	for (const auto *text : {"", "# nothing\n", "[online]\n[offline]\n"})
		EXPECT_EQ(lines_of(parsed(text)), (Lines{"online.action = \"movable\"",
							 "online.mode = \"auto\"",
							 "online.first_scan = \"online\"",
							 "online.max_movable_ratio = 4",
							 "online.beyond_ratio = \"warn\"",
							 "online.hard_ratio = 16",
							 "online.ratio_per_node = false",
							 "online.owner_grace = \"10s\"",
							 "online.defend = true",
							 "online.rezone = false",
							 "online.borrow = false",
							 "offline.deadline = \"10m\"",
							 "offline.attempt_deadline = \"2s\"",
							 "offline.backoff.initial = \"100ms\"",
							 "offline.backoff.factor = 2",
							 "offline.backoff.max = \"30s\"",
							 "offline.backoff.jitter = 0.2",
							 "offline.min_free = \"10%\"",
							 "offline.max_pressure = 20",
							 "offline.assist = []",
							 "unplug.retry = true",
							 "unplug.eject = true",
							 "unplug.deadline = \"10m\"",
							 "metrics.textfile = \"\"",
							 "hooks.settled = \"/etc/memhp/settled.d\"",
							 "hooks.interval = \"1m\""}));
}

TEST(Config, TakesEveryKey)
{
	const auto config = parsed(everything);
	const auto lines = lines_of(config);
	EXPECT_EQ(lines, (Lines{"online.action = \"kernel-default\"",
				"online.mode = \"kernel\"",
				"online.first_scan = \"leave\"",
				"online.max_movable_ratio = 2.5",
				"online.beyond_ratio = \"offline\"",
				"online.hard_ratio = 3",
				"online.ratio_per_node = true",
				"online.owner_grace = \"1m30s\"",
				"online.defend = false",
				"online.rezone = true",
				"online.borrow = true",
				"offline.deadline = \"1h\"",
				"offline.attempt_deadline = \"1s500ms\"",
				"offline.backoff.initial = \"1s\"",
				"offline.backoff.factor = 3",
				"offline.backoff.max = \"1m\"",
				"offline.backoff.jitter = 0.5",
				"offline.min_free = \"2G\"",
				"offline.max_pressure = 5.5",
				"offline.assist = [\"compact\", \"slab\"]",
				"unplug.retry = false",
				"unplug.eject = false",
				"unplug.deadline = \"1m\"",
				"metrics.textfile = \"/run/a \\\"b\\\".prom\"",
				"hooks.settled = \"\"",
				"hooks.interval = \"5m\""}));
	for (const auto &[key, value] : settings(config))
		EXPECT_TRUE(config.given.count(key)) << key << ": its place is not known";
	EXPECT_EQ(config.given.at("offline.backoff.factor").line, 26u);
	EXPECT_EQ(config.given.at("offline.backoff.factor").column, 38u);

	ASSERT_EQ(config.online.rules.size(), 2u);
	EXPECT_EQ(describe(config.online.rules[0]),
		  "source=dax-kmem node=2,3 range=0x100000000-0x1ffffffff min_size=1536M");
	EXPECT_EQ(config.online.rules[0].action, OnlineAction::leave);
	EXPECT_EQ(describe(config.online.rules[1]), "node=2");
	EXPECT_EQ(config.given.at(rule_key(1)).line, 14u);
	EXPECT_EQ(config.given.at(rule_key(2)).line, 20u);
}

TEST(Config, WhatIsShownReadsBackTheSame)
{
	const auto lines = lines_of(parsed(everything));
	std::string text;
	for (const auto &line : lines)
		text += line + "\n";
	EXPECT_EQ(lines_of(parsed(text)), lines);
}

TEST(Config, TakesEveryWord)
{
	const auto given = [](const std::string &key, std::string_view word) {
		const auto line = key + " = \"" + std::string(word) + "\"";
		const auto lines = lines_of(parsed(line));
		return std::find(lines.begin(), lines.end(), line) != lines.end();
	};
	for (const auto &[value, word] : online_action_words)
		EXPECT_TRUE(given("online.action", word)) << word;
	for (const auto &[value, word] : online_mode_words)
		EXPECT_TRUE(given("online.mode", word)) << word;
	for (const auto &[value, word] : beyond_ratio_words)
		EXPECT_TRUE(given("online.beyond_ratio", word)) << word;
	for (const auto &[value, word] : first_scan_words)
		EXPECT_TRUE(given("online.first_scan", word)) << word;
	EXPECT_TRUE(given("online.hard_ratio", "off"));
	for (const auto &[value, word] : source_words)
		EXPECT_EQ(parsed("[[online.rule]]\naction = \"leave\"\nsource = \"" +
				 std::string(word) + "\"")
				  .online.rules.at(0)
				  .source,
			  value);
	EXPECT_EQ(parsed("offline.assist = [\"reclaim\", \"compact\", \"slab\", \"hugepages\"]")
			  .offline.assist.size(),
		  4u);
}

TEST(Config, QuotesAnythingInOneLine)
{
	for (const auto *text : {"\"a\\nb\" = 1", "a = fals\n", "a = \"\xff\"", "\xff = 1",
				 "online.action = \"\\u0007\"", "a = tru\x7f"}) {
		const auto config = parse_config(text, "f");
		ASSERT_FALSE(config) << text;
		for (const auto c : config.error().front())
			EXPECT_TRUE(c >= 0x20 && c < 0x7f) << config.error().front();
	}
	const auto words = parse_config("\"\u00e4\" = 1", "f");
	EXPECT_NE(words.error().front().find("'\u00e4'"), std::string::npos) << "is text";
}

TEST(ConfigFile, MayBeMissing)
{
	const Tree tree;
	const auto missing = load_config(tree.path("none.toml"));
	ASSERT_TRUE(missing);
	EXPECT_FALSE(*missing);
	tree.make_directory("none.toml");
	EXPECT_FALSE(load_config(tree.path("none.toml")));
	tree.make_fifo("pipe.toml");
	EXPECT_FALSE(load_config(tree.path("pipe.toml"))) << "and does not wait for its other end";
}

TEST(ConfigFile, IsNamedInMessages)
{
	const Tree tree;
	tree.write("memhpd.toml", "lunch = 1\n");
	const auto config = load_config(tree.path("memhpd.toml"));
	ASSERT_FALSE(config);
	EXPECT_EQ(config.error().front().find(tree.path("memhpd.toml:1:1: ")), 0u);
}

/// The file that is installed shows every key and its default as a comment: with these taken away
/// it says the same.
TEST(ConfigFile, TheInstalledOneShowsTheDefaults)
{
	auto text = Tree::slurp(MEMHP_INSTALLED_CONFIG);
	ASSERT_FALSE(text.empty());
	EXPECT_TRUE(parsed(text).given.empty());
	for (size_t at = 0; (at = text.find("\n#", at)) != std::string::npos;)
		if (text[at + 2] != ' ')
			text.erase(at + 1, 1);
		else
			++at;
	const auto shown = parsed(text);
	EXPECT_EQ(lines_of(shown), lines_of(Config()));
	for (const auto &[key, value] : settings(shown))
		EXPECT_TRUE(shown.given.count(key)) << key << " is not in the file";
	EXPECT_EQ(shown.online.rules.size(), 1u) << "an example";
}

} // namespace
} // namespace memhp
