// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/auto_online.h"

#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

constexpr auto file = "sys/devices/system/memory/auto_online_blocks";

class AutoOnlineTree : public testing::Test
{
protected:
	std::string value() const { return tree.read(file); }
	void set(const char *text) const { tree.write(file, std::string(text) + "\n"); }
	void found(const char *text, const std::optional<std::string> &saved = {})
	{
		set(text);
		ASSERT_TRUE(setting.find(saved));
	}

	MachineTree tree;
	FakeKernel kernel{tree};
	Sysfs sysfs = std::move(Sysfs::open(tree.root()).value());
	AutoOnline setting{sysfs};
};

TEST_F(AutoOnlineTree, TakesOverAndPutsBackWhatItFound)
{
	for (const auto *before : {"online", "online_kernel", "online_movable", "offline"}) {
		found(before);
		EXPECT_EQ(setting.found(), before);
		EXPECT_EQ(value(), before) << "finding changes nothing";
		ASSERT_TRUE(setting.take_over());
		EXPECT_EQ(value(), "offline");
		EXPECT_TRUE(setting.restore());
		EXPECT_EQ(value(), before);
	}
}

TEST_F(AutoOnlineTree, SeesThroughItsOwnLeftoverOfACrash)
{
	found("offline", "online_movable");
	EXPECT_EQ(setting.found(), "online_movable");
	EXPECT_EQ(setting.kernel_default(), OnlineType::movable);
	setting.restore();
	EXPECT_EQ(value(), "online_movable");
}

TEST_F(AutoOnlineTree, AValueThatChangedSinceTheCrashCounts)
{
	found("online_kernel", "online_movable");
	EXPECT_EQ(setting.found(), "online_kernel");
}

TEST_F(AutoOnlineTree, KeepsAForeignChange)
{
	found("online");
	ASSERT_TRUE(setting.take_over());
	set("online_kernel");
	EXPECT_TRUE(setting.restore()) << "nothing of ours is left";
	EXPECT_EQ(value(), "online_kernel");
}

TEST_F(AutoOnlineTree, SaysWhenItsOwnValueMayHaveStayed)
{
	found("online");
	ASSERT_TRUE(setting.take_over());
	tree.remove(file);
	EXPECT_FALSE(setting.restore());
}

TEST_F(AutoOnlineTree, TellsTheKernelsDefault)
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
		found(text);
		EXPECT_EQ(setting.kernel_default(), type) << text;
	}
}

TEST_F(AutoOnlineTree, WithoutTheFileThereIsNothingToFind)
{
	tree.remove(file);
	EXPECT_FALSE(setting.find({}));
	EXPECT_FALSE(setting.take_over());
	setting.restore();
	EXPECT_FALSE(tree.exists(file));
}

} // namespace
} // namespace memhp
