// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/config.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(ConfigMistake, IsRefusedWithItsPlaceAndTheRemedy)
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

TEST(ConfigMistake, MayBeAContradiction)
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

TEST(ConfigMistake, IsReportedWithAllOthersInTheOrderOfTheFile)
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
	using Lines = std::vector<std::string>;
	Lines places;
	for (const auto &line : config.error())
		places.push_back(line.substr(0, line.find(": ")));
	EXPECT_EQ(places, (Lines{"f:2:9", "f:3:1", "f:4:1", "f:5:8", "f:8:1", "f:11:12", "f:12:19",
				 "f:12:35", "f:14:14"}))
		<< "the first rule and the ratios contradict nobody: they are mistakes already";
}

} // namespace
} // namespace memhp
