// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/config.h"

#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

Config parsed(std::string_view text)
{
	auto config = parse_config(text, "test.toml");
	EXPECT_TRUE(config) << config.error().message;
	return config.value_or(Config());
}

TEST(Config, AnEmptyFileGivesTheDefaults)
{
	for (const auto *text : {"", "# nothing\n", "[online]\n[offline]\n"}) {
		const auto config = parsed(text);
		EXPECT_EQ(config.online.action, OnlineAction::movable);
		EXPECT_TRUE(config.online.first_scan_online);
		EXPECT_EQ(config.online.owner_grace, std::chrono::seconds(10));
		EXPECT_EQ(config.offline.deadline, std::chrono::minutes(10));
		EXPECT_EQ(config.offline.attempt_deadline, std::chrono::seconds(2));
		EXPECT_EQ(config.offline.backoff.initial, Time(100));
		EXPECT_EQ(config.offline.backoff.max, std::chrono::seconds(30));
		EXPECT_TRUE(config.broken.empty());
	}
}

TEST(Config, TakesEveryKey)
{
	const auto config = parsed(R"(
[online]
action = "kernel-default"
first_scan = "leave"
owner_grace = "1m30s"
[offline]
deadline = "1h"
attempt_deadline = "500ms"
backoff = { initial = "1s", factor = 3, max = "1m", jitter = 0.5 }
)");
	EXPECT_EQ(config.online.action, OnlineAction::kernel_default);
	EXPECT_FALSE(config.online.first_scan_online);
	EXPECT_EQ(config.online.owner_grace, Time(90'000));
	EXPECT_EQ(config.offline.deadline, std::chrono::hours(1));
	EXPECT_EQ(config.offline.attempt_deadline, Time(500));
	EXPECT_EQ(config.offline.backoff.initial, Time(1000));
	EXPECT_EQ(config.offline.backoff.factor, 3.0);
	EXPECT_EQ(config.offline.backoff.max, Time(60'000));
	EXPECT_EQ(config.offline.backoff.jitter, 0.5);
}

TEST(Config, TakesEveryAction)
{
	for (const auto action :
	     {OnlineAction::movable, OnlineAction::kernel, OnlineAction::kernel_default,
	      OnlineAction::leave, OnlineAction::offline})
		EXPECT_EQ(parsed("[online]\naction = \"" + std::string(to_string(action)) + "\"")
				  .online.action,
			  action);
}

TEST(Config, RefusesAMistakeAndNamesPlaceAndRemedy)
{
	const struct {
		const char *text;
		const char *place;
		const char *remedy;
	} cases[] = {
		{"lunch = 1", "test.toml:1:1: ", "[online], [offline]"},
		{"\n[lunch]\n", "test.toml:2:2: ", "[online], [offline]"},
		{"online = 7", "test.toml:1:10: ", "must be a section: [online]"},
		{"[[online]]", "test.toml:1:1: ", "must be a section: [online]"},
		{"[online]\n actoin = 1", "test.toml:2:2: ", "action, first_scan, owner_grace"},
		{"[online]\naction = \"lunch\"", "test.toml:2:10: ", "\"kernel-default\""},
		{"[online]\naction = 7", "test.toml:2:10: ", "\"movable\""},
		{"[online]\naction = \"Movable\"", "test.toml:2:10: ", "\"movable\""},
		{"[online]\nfirst_scan = true", "test.toml:2:14: ", "\"online\" or \"leave\""},
		{"[online]\nowner_grace = 10", "test.toml:2:15: ", "is a string, as \"10s\""},
		{"[online]\nowner_grace = \"10\"", "test.toml:2:15: ", "100ms, 2s, 10m"},
		{"[online]\nowner_grace = \"-1s\"", "test.toml:2:15: ", "100ms, 2s, 10m"},
		{"[offline]\ndeadline = \"0s\"", "test.toml:2:12: ", "at least 1ms"},
		{"[offline]\nattempt_deadline = \"2 s\"", "test.toml:2:20: ", "unknown unit"},
		{"[offline]\nbackoff = 2", "test.toml:2:11: ", "must be a table"},
		{"[offline]\nbackoff = { lunch = 2 }",
		 "test.toml:2:13: ", "factor, initial, jitter, max"},
		{"[offline.backoff]\nfactor = 0.5", "test.toml:2:10: ", "from 1 to 100"},
		{"[offline.backoff]\nfactor = nan", "test.toml:2:10: ", "from 1 to 100"},
		{"[offline.backoff]\nfactor = true", "test.toml:2:10: ", "must be a number"},
		{"[offline.backoff]\nfactor = \"2\"", "test.toml:2:10: ", "must be a number"},
		{"[offline.backoff]\njitter = 1", "test.toml:2:10: ", "from 0 to 0.9"},
		{"[offline.backoff]\ninitial = \"0ms\"", "test.toml:2:11: ", "at least 1ms"},
		{"[online\n", "test.toml:1:", ""},
		{"[online]\naction = \n", "test.toml:2:", ""},
		{"[online]\naction = \"leave\"\naction = \"leave\"", "test.toml:3:", ""},
	};
	for (const auto &[text, place, remedy] : cases) {
		const auto config = parse_config(text, "test.toml");
		ASSERT_FALSE(config) << text;
		const auto &message = config.error().message;
		EXPECT_EQ(message.find(place), 0u) << text << "\n" << message;
		EXPECT_EQ(message.find("test.toml", 1), std::string::npos)
			<< "one place: " << message;
		EXPECT_NE(message.find(remedy), std::string::npos) << text << "\n" << message;
	}
}

TEST(ConfigFile, MayBeMissingOnlyWhereThatIsSaid)
{
	const Tree tree;
	EXPECT_TRUE(load_config(tree.path("none.toml"), true));
	EXPECT_FALSE(load_config(tree.path("none.toml"), false));
	tree.make_directory("none.toml");
	EXPECT_FALSE(load_config(tree.path("none.toml"), true));
}

TEST(ConfigFile, IsNamedInMessages)
{
	const Tree tree;
	tree.write("memhpd.toml", "lunch = 1\n");
	const auto config = load_config(tree.path("memhpd.toml"), true);
	ASSERT_FALSE(config);
	EXPECT_EQ(config.error().message.find(tree.path("memhpd.toml:1:1: ")), 0u);
}

/// The file that is installed shows the defaults as comments: with these taken away it says the
/// same.
TEST(ConfigFile, TheInstalledOneShowsTheDefaults)
{
	auto text = Tree::slurp(MEMHP_INSTALLED_CONFIG);
	ASSERT_FALSE(text.empty());
	const auto commented = parsed(text);
	EXPECT_EQ(commented.online.action, Config().online.action);
	for (size_t at = 0; (at = text.find("\n#", at)) != std::string::npos;)
		if (text[at + 2] != ' ')
			text.erase(at + 1, 1);
		else
			++at;
	const auto shown = parsed(text);
	const Config defaults;
	EXPECT_EQ(shown.online.action, defaults.online.action);
	EXPECT_EQ(shown.online.first_scan_online, defaults.online.first_scan_online);
	EXPECT_EQ(shown.online.owner_grace, defaults.online.owner_grace);
	EXPECT_EQ(shown.offline.deadline, defaults.offline.deadline);
	EXPECT_EQ(shown.offline.attempt_deadline, defaults.offline.attempt_deadline);
	EXPECT_EQ(shown.offline.backoff.initial, defaults.offline.backoff.initial);
	EXPECT_EQ(shown.offline.backoff.factor, defaults.offline.backoff.factor);
	EXPECT_EQ(shown.offline.backoff.max, defaults.offline.backoff.max);
	EXPECT_EQ(shown.offline.backoff.jitter, defaults.offline.backoff.jitter);
}

} // namespace
} // namespace memhp
