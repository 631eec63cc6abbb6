// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/config_file.h"

#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

using Origin = ConfigFile::Origin;

constexpr auto kernel = "online.action = \"kernel\"\n";
constexpr auto bad = "online.action = \"lunch\"\nlunch = 1\n";

class ReloadedFile : public testing::Test
{
protected:
	ConfigFile open(bool required = false) const { return ConfigFile(path, required); }
	void write(std::string_view text) const { tree.write("memhpd.toml", text); }

	Tree tree;
	std::string path = tree.path("memhpd.toml");
};

TEST_F(ReloadedFile, TakesEffectWhenItIsGood)
{
	write(kernel);
	auto file = open();
	EXPECT_EQ(file.config().online.action, OnlineAction::kernel);
	EXPECT_EQ(file.origin(), Origin::file);
	write("");
	EXPECT_TRUE(file.load());
	EXPECT_EQ(file.config().online.action, OnlineAction::movable);
	EXPECT_EQ(file.origin(), Origin::file);
}

TEST_F(ReloadedFile, KeepsTheOldOneWhenItIsBad)
{
	write(kernel);
	auto file = open();
	write(bad);
	EXPECT_FALSE(file.load());
	EXPECT_EQ(file.config().online.action, OnlineAction::kernel);
	EXPECT_EQ(file.origin(), Origin::older_file);
	EXPECT_FALSE(file.unknown());
	ASSERT_EQ(file.mistakes().size(), 2u);
	EXPECT_EQ(file.mistakes()[0].find(path + ":1:17: "), 0u) << file.mistakes()[0];
	EXPECT_EQ(file.mistakes()[1].find(path + ":2:1: "), 0u) << file.mistakes()[1];

	write(kernel);
	EXPECT_TRUE(file.load());
	EXPECT_EQ(file.origin(), Origin::file);
	EXPECT_TRUE(file.mistakes().empty());
}

TEST_F(ReloadedFile, GivesTheDefaultsUntilItIsGoodForTheFirstTime)
{
	write(bad);
	auto file = open();
	EXPECT_EQ(file.origin(), Origin::defaults);
	EXPECT_TRUE(file.unknown());
	EXPECT_EQ(file.config().online.action, OnlineAction::movable);
	EXPECT_FALSE(file.load());
	EXPECT_TRUE(file.unknown());
	write(kernel);
	EXPECT_TRUE(file.load());
	EXPECT_FALSE(file.unknown());
}

TEST_F(ReloadedFile, MayBeMissingUnlessItWasNamed)
{
	auto file = open();
	EXPECT_EQ(file.origin(), Origin::no_file);
	EXPECT_FALSE(file.unknown());
	write(kernel);
	EXPECT_TRUE(file.load());
	tree.remove("memhpd.toml");
	EXPECT_TRUE(file.load());
	EXPECT_EQ(file.config().online.action, OnlineAction::movable);

	auto named = open(true);
	EXPECT_TRUE(named.unknown());
	EXPECT_EQ(named.mistakes().at(0), path + ": No such file or directory");
	write(kernel);
	EXPECT_TRUE(named.load());
	tree.remove("memhpd.toml");
	EXPECT_FALSE(named.load());
	EXPECT_EQ(named.config().online.action, OnlineAction::kernel);
}

} // namespace
} // namespace memhp
