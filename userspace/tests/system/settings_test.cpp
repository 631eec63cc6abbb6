// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/settings.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

TEST(Setting, EachHasItsPlace)
{
	EXPECT_EQ(setting_path(KernelSetting::auto_online_blocks),
		  "sys/devices/system/memory/auto_online_blocks");
	EXPECT_EQ(setting_path(KernelSetting::online_policy),
		  "sys/module/memory_hotplug/parameters/online_policy");
}

TEST(Setting, IsReadAndWritten)
{
	const MachineTree tree;
	const FakeKernel kernel(tree);
	tree.add_policy_settings();
	const Fd root(open(tree.root().c_str(), O_PATH));
	for (const auto &[setting, name] : kernel_setting_words) {
		EXPECT_TRUE(read_setting(root.get(), setting)) << name;
		ASSERT_TRUE(write_setting(root.get(), setting, "x")) << name;
		EXPECT_EQ(read_setting(root.get(), setting).value_or(""), "x") << name;
		EXPECT_EQ(tree.read(setting_path(setting)), "x") << name;
	}
}

TEST(Setting, ThatTheKernelDoesNotHaveIsAFailure)
{
	const MachineTree tree;
	const Fd root(open(tree.root().c_str(), O_PATH));
	const auto value = read_setting(root.get(), KernelSetting::online_policy);
	ASSERT_FALSE(value);
	EXPECT_EQ(value.error().code, std::errc::no_such_file_or_directory);
	EXPECT_FALSE(write_setting(root.get(), KernelSetting::online_policy, "auto-movable"))
		<< "it must not create what is not there";
}

} // namespace
} // namespace memhp
