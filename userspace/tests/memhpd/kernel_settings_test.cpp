// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/kernel_settings.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "system/kernel/settings.h"
#include "tree.h"

namespace memhp
{
namespace
{

using enum KernelSetting;
using std::chrono::minutes;

class SettingsOfTree : public testing::Test
{
protected:
	SettingsOfTree() { tree.add_policy_settings(); }

	std::string value(KernelSetting setting) const { return tree.read(setting_path(setting)); }
	void set(KernelSetting setting, const std::string &text) const
	{
		tree.write(setting_path(setting), text + "\n");
	}
	/// All four as text.
	std::string all() const
	{
		return value(auto_movable_ratio) + " " + value(auto_movable_numa_aware) + " " +
		       value(online_policy) + " " + value(auto_online_blocks);
	}
	KernelSettings::View view(KernelSetting setting, Time now = Time{}) const
	{
		for (const auto &one : settings.views(now))
			if (one.setting == setting)
				return one;
		return {};
	}

	const SettingValues movable = {{auto_movable_ratio, "1600"},
				       {auto_movable_numa_aware, "N"},
				       {online_policy, "auto-movable"},
				       {auto_online_blocks, "offline"}};

	MachineTree tree;
	FakeKernel kernel{tree};
	Fd root{open(tree.root().c_str(), O_PATH)};
	std::vector<HeldSettings> records;
	KernelSettings settings{root.get(), [this] { records.push_back(settings.held()); }};
};

TEST_F(SettingsOfTree, TakesOverAndPutsBackWhatItFound)
{
	settings.find({});
	EXPECT_EQ(all(), "301 Y contig-zones online") << "finding changes nothing";
	EXPECT_TRUE(settings.held().empty());
	settings.want(movable);
	EXPECT_EQ(all(), "1600 N auto-movable offline");
	EXPECT_EQ(settings.held().size(), 4u);
	EXPECT_TRUE(settings.restore());
	EXPECT_EQ(all(), "301 Y contig-zones online");
	EXPECT_TRUE(settings.held().empty());
}

/// A crash may come at any time: what was found must be on record before it is overwritten, and so
/// must the value that may be there already.
TEST_F(SettingsOfTree, EveryWriteIsOnRecordBefore)
{
	settings.find({});
	settings.want({{auto_online_blocks, "offline"}});
	ASSERT_GE(records.size(), 2u);
	EXPECT_EQ(records.front().at(auto_online_blocks).found, "online");
	EXPECT_EQ(records.front().at(auto_online_blocks).ours, std::vector<std::string>{"offline"});
	records.clear();
	settings.want({{auto_online_blocks, "offline"}});
	EXPECT_TRUE(records.empty()) << "nothing has changed";
	settings.want({{auto_online_blocks, "online_movable"}});
	EXPECT_EQ(records.front().at(auto_online_blocks).ours,
		  (std::vector<std::string>{"offline", "online_movable"}));
	EXPECT_EQ(records.back().at(auto_online_blocks).ours,
		  std::vector<std::string>{"online_movable"});
}

TEST_F(SettingsOfTree, WhatIsNotWantedStaysAsFound)
{
	settings.find({});
	settings.want({{auto_online_blocks, "offline"}});
	EXPECT_EQ(all(), "301 Y contig-zones offline");
	EXPECT_EQ(settings.held().size(), 1u);
}

TEST_F(SettingsOfTree, WhatIsNotWantedAnyMoreIsGivenBack)
{
	settings.find({});
	settings.want(movable);
	set(online_policy, "contig-zones"); // somebody else's by now
	settings.want({{auto_online_blocks, "online"}});
	EXPECT_EQ(all(), "301 Y contig-zones online");
	EXPECT_EQ(settings.held().size(), 1u);
	settings.want(movable);
	EXPECT_EQ(all(), "1600 N auto-movable offline");
}

TEST_F(SettingsOfTree, SeesThroughItsOwnLeftoversOfACrash)
{
	settings.find({});
	settings.want(movable);
	const auto left = records.back();
	KernelSettings next(root.get(), [] {});
	next.find(left);
	EXPECT_EQ(next.found(auto_online_blocks), "online");
	EXPECT_EQ(next.kernel_default(), OnlineType::by_default);
	EXPECT_EQ(next.found(auto_movable_ratio), "301");
	EXPECT_TRUE(next.restore());
	EXPECT_EQ(all(), "301 Y contig-zones online");
}

TEST_F(SettingsOfTree, LeftoversThatTheNextDoesNotWantAreGivenBack)
{
	settings.find({});
	settings.want(movable);
	KernelSettings next(root.get(), [] {});
	next.find(records.back());
	next.want({{auto_online_blocks, "offline"}});
	EXPECT_EQ(all(), "301 Y contig-zones offline");
}

TEST_F(SettingsOfTree, AValueThatChangedSinceTheCrashCounts)
{
	settings.find({});
	settings.want(movable);
	set(auto_online_blocks, "online_kernel");
	KernelSettings next(root.get(), [] {});
	next.find(records.back());
	EXPECT_EQ(next.found(auto_online_blocks), "online_kernel");
	EXPECT_TRUE(next.restore());
	EXPECT_EQ(all(), "301 Y contig-zones online_kernel");
}

TEST_F(SettingsOfTree, KeepsAForeignChangeWhenItRestores)
{
	settings.find({});
	settings.want(movable);
	set(auto_movable_ratio, "500");
	EXPECT_TRUE(settings.restore()) << "nothing of ours is left";
	EXPECT_EQ(all(), "500 Y contig-zones online");
}

TEST_F(SettingsOfTree, SaysWhenItsOwnValueMayHaveStayed)
{
	settings.find({});
	settings.want(movable);
	tree.remove(setting_path(auto_online_blocks));
	EXPECT_FALSE(settings.restore());
	EXPECT_EQ(settings.held().size(), 1u) << "the next one knows";
}

TEST_F(SettingsOfTree, PutsAForeignChangeRightThreeTimesAnHour)
{
	settings.find({});
	settings.want(movable);
	const Time start = std::chrono::hours(10);
	for (int i = 0; i < 3; ++i) {
		set(auto_online_blocks, "online");
		settings.look(start + minutes(i), true);
		EXPECT_EQ(value(auto_online_blocks), "offline") << i;
	}
	auto state = view(auto_online_blocks, start + minutes(3));
	EXPECT_EQ(state.put_right, 3u);
	EXPECT_FALSE(state.left);
	EXPECT_EQ(state.foreign, "online");
	EXPECT_NE(state.foreign_at, "");

	set(auto_online_blocks, "online_kernel");
	settings.look(start + minutes(4), true);
	EXPECT_EQ(value(auto_online_blocks), "online_kernel");
	state = view(auto_online_blocks, start + minutes(4));
	EXPECT_TRUE(state.left);
	EXPECT_EQ(state.foreign, "online_kernel");
	EXPECT_EQ(state.now, "online_kernel");
	EXPECT_EQ(state.wanted, "offline");
	settings.look(start + minutes(600), true);
	settings.want(movable);
	EXPECT_EQ(value(auto_online_blocks), "online_kernel") << "and it stays so";

	EXPECT_EQ(value(online_policy), "auto-movable") << "each setting counts by itself";
	set(online_policy, "contig-zones");
	settings.look(start + minutes(5), true);
	EXPECT_EQ(value(online_policy), "auto-movable");

	EXPECT_TRUE(settings.restore());
	EXPECT_EQ(all(), "301 Y contig-zones online_kernel");
}

TEST_F(SettingsOfTree, TheHourMovesOn)
{
	settings.find({});
	settings.want(movable);
	for (int i = 0; i < 10; ++i) {
		set(auto_online_blocks, "online");
		settings.look(std::chrono::hours(10) + minutes(20 * i), true);
		EXPECT_EQ(value(auto_online_blocks), "offline") << i;
	}
}

TEST_F(SettingsOfTree, BeginsAnewWhenForgiven)
{
	settings.find({});
	settings.want(movable);
	set(auto_online_blocks, "online");
	settings.look(Time(1), false);
	EXPECT_EQ(value(auto_online_blocks), "online") << "not defended";
	EXPECT_TRUE(view(auto_online_blocks).left);
	settings.look(Time(2), true);
	EXPECT_EQ(value(auto_online_blocks), "online");
	settings.forgive();
	settings.want(movable);
	EXPECT_EQ(value(auto_online_blocks), "offline");
	set(auto_online_blocks, "online");
	settings.look(Time(3), true);
	EXPECT_EQ(value(auto_online_blocks), "offline");
	EXPECT_EQ(view(auto_online_blocks).put_right, 1u);
}

TEST_F(SettingsOfTree, OwnWritesAndUnheldSettingsAreNoForeignChange)
{
	settings.find({});
	settings.want({{auto_online_blocks, "offline"}});
	set(auto_movable_ratio, "77");
	settings.look(Time(1), true);
	EXPECT_EQ(value(auto_movable_ratio), "77");
	for (const auto &one : settings.views(Time(1)))
		EXPECT_EQ(one.foreign, "");
}

TEST_F(SettingsOfTree, LendsThePolicyAndTakesItBack)
{
	settings.find({});
	settings.want(movable);
	settings.lend();
	settings.lend();
	EXPECT_EQ(all(), "301 Y contig-zones offline");
	settings.look(Time(1), true);
	settings.want(movable);
	EXPECT_EQ(all(), "301 Y contig-zones offline") << "nobody takes it back early";
	settings.take_back();
	EXPECT_EQ(all(), "301 Y contig-zones offline");
	settings.take_back();
	EXPECT_EQ(all(), "1600 N auto-movable offline");
	settings.lend();
	EXPECT_TRUE(settings.restore());
	EXPECT_EQ(all(), "301 Y contig-zones online");
}

TEST_F(SettingsOfTree, AWishThatIsTheValueFoundIsWatchedToo)
{
	set(auto_online_blocks, "offline");
	settings.find({});
	settings.want(movable);
	set(auto_online_blocks, "online");
	settings.look(Time(1), true);
	EXPECT_EQ(value(auto_online_blocks), "offline");
	EXPECT_TRUE(settings.restore());
	EXPECT_EQ(value(auto_online_blocks), "offline");
}

TEST_F(SettingsOfTree, TellsTheKernelsDefault)
{
	const struct {
		const char *text;
		std::optional<OnlineType> type;
	} cases[] = {
		{"offline", std::nullopt},
		{"online", OnlineType::by_default},
		{"online_kernel", OnlineType::kernel},
		{"online_movable", OnlineType::movable},
	};
	for (const auto &[text, type] : cases) {
		set(auto_online_blocks, text);
		settings.find({});
		EXPECT_EQ(settings.kernel_default(), type) << text;
	}
}

TEST_F(SettingsOfTree, AKernelWithoutThemIsLeftAlone)
{
	tree.remove("sys/module");
	tree.remove(setting_path(auto_online_blocks));
	settings.find({});
	settings.want(movable);
	settings.look(Time(1), true);
	EXPECT_TRUE(settings.views(Time(1)).empty());
	EXPECT_TRUE(settings.restore());
	EXPECT_FALSE(tree.exists(setting_path(auto_online_blocks)));
	EXPECT_FALSE(tree.exists("sys/module"));
}

} // namespace
} // namespace memhp
