// SPDX-License-Identifier: GPL-2.0-only
#include "daemon_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

constexpr auto online_policy = "sys/module/memory_hotplug/parameters/online_policy";
constexpr auto ratio = "sys/module/memory_hotplug/parameters/auto_movable_ratio";
constexpr auto numa_aware = "sys/module/memory_hotplug/parameters/auto_movable_numa_aware";

TEST_F(DaemonOfTree, DecidesWhereTheKernelPutsBackWhatItTook)
{
	tree.add_policy_settings();
	start();
	EXPECT_EQ(tree.read(online_policy), "auto-movable");
	EXPECT_EQ(tree.read(ratio), "1600");
	EXPECT_EQ(tree.read(numa_aware), "N");
	stop();
	EXPECT_EQ(tree.read(online_policy), "contig-zones");
	EXPECT_EQ(tree.read(ratio), "301");
	EXPECT_EQ(tree.read(numa_aware), "Y");
}

TEST_F(DaemonOfTree, KernelModeProgramsTheKernel)
{
	tree.add_policy_settings();
	start("online.mode = \"kernel\"\nonline.action = \"kernel\"\n");
	EXPECT_EQ(tree.read(auto_online), "online_kernel");
	EXPECT_EQ(tree.read(ratio), "0");
	const auto status = call("Status")->at("status");
	EXPECT_EQ(status.at("mode"), "kernel");
	EXPECT_EQ(status.at("mode_why"), "online.mode");
	ASSERT_TRUE(onlined(2)) << "what was there before";
	EXPECT_EQ(call("Status")->at("status").at("left_offline"), 0);

	tree.write("memhpd.toml", "online.mode = \"daemon\"\n");
	program->signal(SIGHUP);
	ASSERT_TRUE(reaches("mode", "daemon"));
	EXPECT_EQ(tree.read(auto_online), "offline");
	EXPECT_EQ(tree.read(ratio), "1600");
	stop();
	EXPECT_EQ(tree.read(auto_online), "online");
	EXPECT_EQ(tree.read(ratio), "301");
}

TEST_F(DaemonOfTree, AutoIsKernelModeWhereADriverWaits)
{
	tree.write("sys/devices/system/xen_memory/xen_memory0/target_kb", "1\n");
	start();
	const auto status = call("Status")->at("status");
	EXPECT_EQ(status.at("mode"), "kernel");
	EXPECT_EQ(status.at("mode_why"), "auto: xen-balloon waits for each block");
	EXPECT_EQ(tree.read(auto_online), "online_movable");
	// The first dax device ends it; a reload looks too.
	tree.add_dax("dax0.0", 40, 40, "");
	program->signal(SIGHUP);
	ASSERT_TRUE(reaches("mode", "daemon"));
	EXPECT_EQ(tree.read(auto_online), "offline");
	stop();
	EXPECT_EQ(tree.read(auto_online), "online");
}

TEST_F(DaemonOfTree, DefendsItsSettingsThreeTimes)
{
	start();
	for (int i = 1; i <= 3; ++i) {
		tree.overwrite(auto_online, "online_kernel\n");
		ASSERT_TRUE(becomes(auto_online, "offline")) << i;
	}
	EXPECT_EQ(setting("auto_online_blocks").at("put_right"), 3);
	EXPECT_EQ(setting("auto_online_blocks").at("left"), false);
	tree.overwrite(auto_online, "online_kernel\n");
	ASSERT_TRUE(is_left());
	EXPECT_EQ(setting("auto_online_blocks").at("now"), "online_kernel");
	EXPECT_EQ(setting("auto_online_blocks").at("foreign"), "online_kernel");
	program->signal(SIGHUP);
	ASSERT_TRUE(becomes(auto_online, "offline")) << "a reload begins anew";
	tree.overwrite(auto_online, "online_movable\n");
	ASSERT_TRUE(becomes(auto_online, "offline"));
	stop();
	EXPECT_EQ(tree.read(auto_online), "online");
}

TEST_F(DaemonOfTree, DefendsNothingWhereItShallNot)
{
	start("online.defend = false\n");
	tree.overwrite(auto_online, "online_kernel\n");
	ASSERT_TRUE(is_left());
	EXPECT_EQ(tree.read(auto_online), "online_kernel");
	stop();
	EXPECT_EQ(tree.read(auto_online), "online_kernel");
}

TEST_F(DaemonOfTree, RestoreHandsBackWhatAKilledOneLeft)
{
	tree.add_policy_settings();
	tree.write(auto_online, "online_movable\n");
	start();
	const auto early = restore();
	EXPECT_EQ(early.status, 1);
	EXPECT_NE(early.err.find("memhpd is running"), std::string::npos) << early.err;
	ASSERT_TRUE(onlined(2));
	program->signal(SIGTERM);
	program->wait();
	start();
	program.reset(); // SIGKILL
	tree.write(ratio, "500\n");
	EXPECT_EQ(restore().status, 0);
	EXPECT_EQ(tree.read(auto_online), "online_movable");
	EXPECT_EQ(tree.read(online_policy), "contig-zones");
	EXPECT_EQ(tree.read(ratio), "500") << "somebody else's";
	EXPECT_EQ(standing(32), "handled") << "the blocks stay on record";

	tree.write(auto_online, "offline\n");
	EXPECT_EQ(restore().status, 0);
	EXPECT_EQ(tree.read(auto_online), "offline") << "once only";
}

TEST_F(DaemonOfTree, RestoreWithoutAnythingToDoIsFine)
{
	EXPECT_EQ(restore().status, 0);
	start();
	stop();
	EXPECT_EQ(restore().status, 0);
	tree.write(state_file, "lunch");
	EXPECT_EQ(restore().status, 1);
	EXPECT_EQ(tree.read(auto_online), "online");
}

TEST_F(DaemonOfTree, EndsWhatAKilledOneBeganWithADaxDevice)
{
	start();
	stop();
	tree.add_dax("dax0.0", 40, 41, "unplugged");
	auto state = json::parse(tree.read(state_file));
	state["dax"] = json{{{"device", "dax0.0"}, {"type", "online_movable"}}};
	tree.write(state_file, state.dump());
	start();
	ASSERT_TRUE(becomes(MachineTree::dir(41) + "/valid_zones", "Movable"));
	stop();
	EXPECT_TRUE(json::parse(tree.read(state_file)).at("dax").empty());
}

} // namespace
} // namespace memhp
