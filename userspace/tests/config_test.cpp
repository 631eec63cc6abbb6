// SPDX-License-Identifier: GPL-2.0-only
#include "system/config.h"

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

TEST(Config, RefusesAMistakeAndNamesPlaceAndRemedy)
{
	const struct {
		const char *text;
		const char *place;
		const char *remedy;
	} cases[] = {
		{"lunch = 1", "1:1: ", "known are hooks, metrics, offline, online, unplug"},
		{"\n[lunch]\n", "2:2: ", "known are hooks, metrics, offline, online, unplug"},
		{"online = 7", "1:10: ", "must be a table, as [online]"},
		{"[[online]]", "1:1: ", "must be a table, as [online]"},
		{"[online]\n actoin = 1", "2:2: ", "known are action, beyond_ratio, borrow"},

		{"[online]\naction = \"lunch\"", "2:10: ", "\"kernel-default\", \"leave\" or"},
		{"[online]\naction = 7", "2:10: ", "\"movable\""},
		{"[online]\naction = \"Movable\"", "2:10: ", "\"movable\""},
		{"[online]\nmode = \"lunch\"", "2:8: ", "\"auto\", \"kernel\" or \"daemon\""},
		{"[online]\nfirst_scan = true", "2:14: ", "\"online\" or \"leave\""},
		{"[online]\nbeyond_ratio = 3", "2:16: ", "\"warn\", \"kernel\" or \"offline\""},
		{"[online]\nmax_movable_ratio = \"off\"", "2:21: ", "a number from 0 to 1000"},
		{"[online]\nmax_movable_ratio = -1", "2:21: ", "a number from 0 to 1000"},
		{"[online]\nhard_ratio = \"on\"", "2:14: ", "from 0 to 1000, or \"off\""},
		{"[online]\nhard_ratio = nan", "2:14: ", "from 0 to 1000, or \"off\""},
		{"[online]\nhard_ratio = false", "2:14: ", "from 0 to 1000, or \"off\""},
		{"[online]\nowner_grace = 10", "2:15: ", "in quotes, as \"10s\""},
		{"[online]\nowner_grace = \"10\"", "2:15: ", "100ms, 2s, 10m"},
		{"[online]\nowner_grace = \"-1s\"", "2:15: ", "100ms, 2s, 10m"},
		{"[online]\ndefend = \"yes\"", "2:10: ", "true or false"},
		{"[online]\nrezone = 1", "2:10: ", "true or false"},
		{"[online]\nborrow = []", "2:10: ", "true or false"},

		{"[online]\nrule = 7", "2:8: ", "as sections, [[online.rule]]"},
		{"[online]\nrule = [7]", "2:8: ", "as sections, [[online.rule]]"},
		{"[online.rule]\naction = \"leave\"", "1:1: ", "as sections, [[online.rule]]"},
		{"\n [[online.rule]]\nsource = \"boot\"", "2:2: ", "has no action; it must be"},
		{"[[online.rule]]\nlunch = 7\naction = \"leave\"",
		 "2:1: ", "known are action, min_size, node, range, source"},
		{"[[online.rule]]\naction = \"lunch\"", "2:10: ", "\"movable\""},
		{"[[online.rule]]\naction = \"leave\"\nsource = \"DIMM\"", "3:10: ", "acpi-dimm"},
		{"[[online.rule]]\naction = \"leave\"\nnode = \"2\"", "3:8: ", "as [2, 3]"},
		{"[[online.rule]]\naction = \"leave\"\nnode = -1", "3:8: ", "from 0 to 4095"},
		{"[[online.rule]]\naction = \"leave\"\nnode = [1, 4096]", "3:8: ", "0 to 4095"},
		{"[[online.rule]]\naction = \"leave\"\nnode = []", "3:8: ", "leave the key out"},
		{"[[online.rule]]\naction = \"leave\"\nnode = [2, 2]",
		 "3:8: ", "2 stands there twice"},
		{"[[online.rule]]\naction = \"leave\"\nrange = 7", "3:9: ", "in quotes, as \"0x1"},
		{"[[online.rule]]\naction = \"leave\"\nrange = \"32-47\"",
		 "3:9: ", "write it as 0x1"},
		{"[[online.rule]]\naction = \"leave\"\nrange = \"0x1000\"",
		 "3:9: ", "write it as 0x1"},
		{"[[online.rule]]\naction = \"leave\"\nrange = \"0x2000-0x1fff\"",
		 "3:9: ", "write the lower end first"},
		{"[[online.rule]]\naction = \"leave\"\nmin_size = 1", "3:12: ", "as \"1G\""},
		{"[[online.rule]]\naction = \"leave\"\nmin_size = \"1X\"", "3:12: ", "512M, 4G"},
		{"[[online.rule]]\naction = \"leave\"\nmin_size = \"0\"",
		 "3:12: ", "leave the key out"},

		{"[offline]\ndeadline = \"0s\"", "2:12: ", "at least 1ms"},
		{"[offline]\ndeadline = 1979-05-27", "2:12: ", "in quotes, as \"10s\""},
		{"[offline]\nattempt_deadline = \"2 s\"", "2:20: ", "unknown unit"},
		{"[offline]\nbackoff = 2", "2:11: ", "must be a table, as [offline.backoff]"},
		{"[offline]\nbackoff = { lunch = 2 }",
		 "2:13: ", "in offline.backoff; known are factor, initial, jitter, max"},
		{"[offline.backoff]\nfactor = 0.5", "2:10: ", "from 1 to 100"},
		{"[offline.backoff]\nfactor = nan", "2:10: ", "from 1 to 100"},
		{"[offline.backoff]\nfactor = true", "2:10: ", "must be a number"},
		{"[offline.backoff]\nfactor = \"2\"", "2:10: ", "must be a number"},
		{"[offline.backoff]\njitter = 1", "2:10: ", "from 0 to 0.9"},
		{"[offline.backoff]\ninitial = \"0ms\"", "2:11: ", "at least 1ms"},
		{"[offline]\nmin_free = 10", "2:12: ", "in quotes, as \"10%\""},
		{"[offline]\nmin_free = \"101%\"", "2:12: ", "from 0% to 100%, or a size"},
		{"[offline]\nmin_free = \"%\"", "2:12: ", "from 0% to 100%, or a size"},
		{"[offline]\nmin_free = \"-1G\"", "2:12: ", "512M, 4G or 4.5G, or a part as 10%"},
		{"[offline]\nmax_pressure = 101", "2:16: ", "from 0 to 100"},
		{"[offline]\nassist = \"slab\"", "2:10: ", "a list of \"reclaim\""},
		{"[offline]\nassist = [\"slab\", 7]", "2:10: ", "a list of \"reclaim\""},
		{"[offline]\nassist = [\"slab\", \"slab\"]",
		 "2:10: ", "\"slab\" stands there twice"},

		{"[unplug]\nretry = 0", "2:9: ", "true or false"},
		{"[unplug]\neject = \"no\"", "2:9: ", "true or false"},
		{"[unplug]\ndeadline = true", "2:12: ", "in quotes, as \"10s\""},
		{"[metrics]\ntextfile = \"memhp.prom\"", "2:12: ", "begins with /"},
		{"[metrics]\ntextfile = false", "2:12: ", "or \"\" for none"},
		{"[hooks]\nsettled = [\"/etc\"]", "2:11: ", "begins with /"},
		{"[hooks]\ninterval = \"0s\"", "2:12: ", "at least 1ms"},

		{"[online\n", "1:", ""},
		{"[online]\naction = \n", "2:", ""},
		{"[online]\naction = \"leave\"\naction = \"leave\"", "3:", ""},
		{"[online]\n[offline]\n[online]", "3:", ""},
	};
	for (const auto &[text, place, remedy] : cases) {
		const auto config = parse_config(text, "test.toml");
		ASSERT_FALSE(config) << text;
		EXPECT_EQ(config.error().size(), 1u) << text << "\n" << config.error().back();
		const auto &message = config.error().front();
		EXPECT_EQ(message.find("test.toml:" + std::string(place)), 0u) << text << "\n"
									       << message;
		EXPECT_NE(message.find(remedy), std::string::npos) << text << "\n" << message;
	}
}

TEST(Config, RefusesWhatContradictsItself)
{
	const std::string rule = "[[online.rule]]\naction = \"leave\"\n";
	const struct {
		std::string text;
		const char *place;
		const char *remedy;
	} cases[] = {
		{"online.max_movable_ratio = 17", "1:28: ", "(17) is above hard_ratio (16)"},
		{"online.hard_ratio = 3", "1:21: ", "(4) is above hard_ratio (3)"},
		{"[online]\nhard_ratio = 3\nmax_movable_ratio = 3.5", "3:21: ", "\"off\""},
		{"offline.backoff.initial = \"31s\"", "1:27: ", "longer than max (30s)"},
		{"offline.backoff.max = \"99ms\"", "1:23: ", "initial (100ms) is longer"},
		{rule + rule, "3:1: ", "rule 2 (any device) can never match: rule 1 (any device)"},
		{rule + "source = \"boot\"\n" + rule + "node = 1\n" + rule + "node = [1, 2]\n" +
			 rule + "node = 1\nsource = \"boot\"\n",
		 "10:1: ", "rule 4 (source=boot node=1) can never match: rule 1 (source=boot)"},
	};
	for (const auto &[text, place, remedy] : cases) {
		const auto config = parse_config(text, "test.toml");
		ASSERT_FALSE(config) << text;
		ASSERT_EQ(config.error().size(), 1u) << text;
		const auto &message = config.error().front();
		EXPECT_EQ(message.find("test.toml:" + std::string(place)), 0u) << message;
		EXPECT_NE(message.find(remedy), std::string::npos) << message;
	}
	EXPECT_TRUE(parse_config("[online]\nmax_movable_ratio = 99\nhard_ratio = \"off\"", ""));
}

TEST(Config, ReportsAllMistakesInTheOrderOfTheFile)
{
	const auto config = parse_config("[unplug]\n"
					 "retry = 1\n"
					 "[[online.rule]]\n"
					 "lunch = 1\n"
					 "node = \"x\"\n"
					 "[[online.rule]]\n"
					 "action = \"leave\"\n"
					 "[[online.rule]]\n"
					 "action = \"leave\"\n"
					 "[offline]\n"
					 "deadline = \"x\"\n"
					 "backoff = { max = \"1ms\", factor = 0 }\n"
					 "[online]\n"
					 "hard_ratio = \"x\"\n"
					 "max_movable_ratio = 20\n",
					 "f");
	ASSERT_FALSE(config);
	Lines places;
	for (const auto &line : config.error())
		places.push_back(line.substr(0, line.find(": ")));
	EXPECT_EQ(places, (Lines{"f:2:9", "f:3:1", "f:4:1", "f:5:8", "f:8:1", "f:11:12", "f:12:19",
				 "f:12:35", "f:14:14"}))
		<< "the first rule and the ratios contradict nobody: they are mistakes already";
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

TEST(Config, NamesWhatThisVersionDoesNotDo)
{
	EXPECT_TRUE(not_acted_on(parsed("")).empty()) << "only what the file asks for";
	EXPECT_EQ(not_acted_on(parsed("[unplug]\nretry = true\n[online]\nborrow = true")),
		  Lines{"online.borrow"});
	EXPECT_TRUE(not_acted_on(parsed("[online]\nborrow = false\ndefend = true\n"
					"mode = \"kernel\"\nhard_ratio = \"off\"\n"
					"[hooks]\nsettled = \"\"\n[offline]\nassist = []\n"
					"min_free = \"1%\"\nmax_pressure = 1"))
			    .empty())
		<< "what it asks for is what this version does";
	EXPECT_TRUE(not_acted_on(parsed("[online]\naction = \"leave\"\n[offline]\n"
					"deadline = \"1s\"\nbackoff.factor = 3\n"
					"assist = [\"reclaim\", \"slab\"]\n"
					"[[online.rule]]\nnode = 1\naction = \"kernel\""))
			    .empty());
}

TEST(ConfigFile, MayBeMissing)
{
	const Tree tree;
	const auto missing = load_config(tree.path("none.toml"));
	ASSERT_TRUE(missing);
	EXPECT_FALSE(*missing);
	tree.make_directory("none.toml");
	EXPECT_FALSE(load_config(tree.path("none.toml")));
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
