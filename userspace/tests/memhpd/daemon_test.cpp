// SPDX-License-Identifier: GPL-2.0-only
#include "memhp/version.h"

#include "daemon_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

TEST_F(DaemonOfTree, OnlinesAndPutsBackWhatItTookOver)
{
	tree.write(auto_online, "online_kernel\n");
	start();
	EXPECT_EQ(tree.read(auto_online), "offline");
	EXPECT_TRUE(tree.exists(marker));
	ASSERT_TRUE(onlined(2));
	EXPECT_EQ(tree.state(32), "online");
	EXPECT_EQ(tree.state(33), "online");
	stop();
	EXPECT_EQ(tree.read(auto_online), "online_kernel");
	EXPECT_FALSE(tree.exists(marker));
	EXPECT_EQ(standing(32), "handled");
}

TEST_F(DaemonOfTree, AnswersWhatIsThere)
{
	start();
	ASSERT_TRUE(onlined(2));
	const auto status = call("Status")->at("status");
	EXPECT_EQ(status.at("action"), "movable");
	EXPECT_EQ(setting("auto_online_blocks").at("found"), "online");
	EXPECT_EQ(status.at("mode"), "daemon");
	EXPECT_EQ(status.at("mode_why"), "auto: no driver here waits for each block");
	EXPECT_EQ(status.at("config_error"), "");
	const auto blocks = *call("Blocks");
	EXPECT_EQ(blocks.at("block_size"), 1 << 27);
	EXPECT_EQ(blocks.at("blocks").size(), 4u);
	EXPECT_EQ(blocks.at("blocks")[3].at("state"), "online");
	EXPECT_FALSE(call("Lunch"));
}

TEST_F(DaemonOfTree, OfflinesOnRequestAndRemembersItOverAStop)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root may change memory";
	start();
	ASSERT_TRUE(onlined(2));
	const auto answer = call("Offline", {{"target", {"32-33"}}});
	ASSERT_TRUE(answer) << answer.error().message;
	EXPECT_EQ(answer->at("report").at("done"), json({32, 33}));
	stop();
	EXPECT_EQ(standing(32), "deliberate");
	start();
	stop();
	EXPECT_EQ(tree.state(32), "offline");
	EXPECT_EQ(tree.state(33), "offline");
}

TEST_F(DaemonOfTree, ARequestThatWaitsShowsInTheStatusUntilItMayGo)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root may change memory";
	tree.set_available(uint64_t{1} << 30);
	start("[offline]\nmin_free = \"4G\"\n");
	ASSERT_TRUE(call("Offline", {{"target", {"8", "node:0"}}, {"detach", true}}));
	json request = json::object();
	for (int turn = 0; turn < 100'000 && request.value("waiting", json()).is_null(); ++turn)
		request = call("Status")->at("status").at("requests").at(0);
	EXPECT_EQ(request.at("target"), "8 node:0");
	EXPECT_EQ(request.at("done"), 0);
	EXPECT_EQ(request.at("goal"), 1);
	EXPECT_EQ(request.at("waiting"),
		  "896M would stay available without the next block, min_free asks for 4G");
	EXPECT_EQ(tree.state(8), "online");
	tree.set_available(uint64_t{8} << 30);
	EXPECT_TRUE(reaches("requests", json::array()));
	EXPECT_EQ(tree.state(8), "offline");
	stop();
}

TEST_F(DaemonOfTree, ABadTargetIsAnError)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root may change memory";
	start();
	const auto lunch = call("Offline", {{"target", {"lunch"}}});
	ASSERT_FALSE(lunch);
	EXPECT_NE(lunch.error().message.find("is not a target"), std::string::npos);
	EXPECT_FALSE(call("Offline"));
	EXPECT_FALSE(call("Online", {{"target", {"32"}}, {"type", "offline"}}));
}

TEST_F(DaemonOfTree, AKilledOneIsCleanedUpAfterByTheNext)
{
	tree.write(auto_online, "online_movable\n");
	start();
	program.reset(); // SIGKILL
	EXPECT_EQ(tree.read(auto_online), "offline");
	start();
	EXPECT_EQ(setting("auto_online_blocks").at("found"), "online_movable");
	stop();
	EXPECT_EQ(tree.read(auto_online), "online_movable");
}

TEST_F(DaemonOfTree, AMoveThatWasKilledIsUndoneByTheNext)
{
	tree.add(40, "online", "Normal");
	tree.own(40, "PNP0C80:01");
	tree.add_policy_settings();
	kernel.script(40, {"ok", "hang"}); // it goes offline, and is killed on its way back
	start("online.rezone = true\nonline.hard_ratio = \"off\"\n");
	ASSERT_TRUE(written("40 online_movable"));
	program.reset(); // SIGKILL
	EXPECT_EQ(tree.state(40), "offline");
	EXPECT_EQ(standing(40), "handled");
	start("online.hard_ratio = \"off\"\n");
	// The fake kernel writes one after the other.
	ASSERT_TRUE(becomes(MachineTree::dir(40) + "/state", "online"));
	ASSERT_TRUE(becomes(MachineTree::dir(40) + "/valid_zones", "Movable"));
	ASSERT_TRUE(reaches("moving", 0));
	stop();
	EXPECT_EQ(standing(40), "handled");
	EXPECT_EQ(json::parse(tree.read(state_file)).at("moving"), json::array());
}

TEST_F(DaemonOfTree, AfterACleanStopTheAdministratorsOfflineIsNoLeftover)
{
	tree.write(auto_online, "online_movable\n");
	start();
	stop();
	tree.write(auto_online, "offline\n");
	start();
	EXPECT_EQ(setting("auto_online_blocks").at("found"), "offline");
	stop();
	EXPECT_EQ(tree.read(auto_online), "offline");
}

TEST_F(DaemonOfTree, AStopLeavesNothingOfflineThatTheKernelWouldHaveOnlined)
{
	constexpr auto config = "[online]\naction = \"leave\"\nowner_grace = \"1h\"\n";
	tree.write(auto_online, "offline\n");
	start(config);
	stop();
	EXPECT_EQ(tree.state(32), "offline") << "nor does the kernel online it";

	tree.write(auto_online, "online_movable\n");
	start(config);
	EXPECT_EQ(tree.state(32), "offline");
	stop();
	EXPECT_EQ(tree.state(32), "online");
	EXPECT_EQ(tree.state(33), "online");
	EXPECT_EQ(tree.read(auto_online), "online_movable");
}

TEST_F(DaemonOfTree, WithABrokenConfigurationOnlinesAndTakesNothingOffline)
{
	start("[online]\naction = \"lunch\"\n");
	ASSERT_TRUE(onlined(2));
	const auto error = call("Status")->at("status").at("config_error").get<std::string>();
	EXPECT_NE(error.find("memhpd.toml:2:10: "), std::string::npos) << error;
	EXPECT_FALSE(call("Offline", {{"target", {"32"}}}));
	EXPECT_EQ(tree.state(32), "online");
	stop();
}

TEST_F(DaemonOfTree, TakesAGoodFileAtSighup)
{
	start("online.action = \"offline\"\n");
	EXPECT_EQ(call("Status")->at("status").at("action"), "offline");
	tree.write("memhpd.toml", "online.action = \"kernel\"\n");
	program->signal(SIGHUP);
	ASSERT_TRUE(onlined(2));
	EXPECT_EQ(tree.read(MachineTree::dir(32) + "/valid_zones"), "Normal");
	stop();
}

TEST_F(DaemonOfTree, KeepsThePolicyAtSighupWithABadFile)
{
	start("online.action = \"offline\"\n");
	tree.write("memhpd.toml", "online.action = \"lunch\"\nlunch = 1\n");
	program->signal(SIGHUP);
	ASSERT_TRUE(reaches("config", "older-file"));
	const auto status = call("Status")->at("status");
	EXPECT_EQ(status.at("action"), "offline");
	const auto error = status.at("config_error").get<std::string>();
	EXPECT_NE(error.find("memhpd.toml:1:17: "), std::string::npos) << error;
	EXPECT_NE(error.find("memhpd.toml:2:1: "), std::string::npos) << error;
	EXPECT_EQ(call("Offline", {{"target", {"8"}}}).has_value(), geteuid() == 0)
		<< "the policy is known, so root may";
	stop();
}

TEST_F(DaemonOfTree, ReloadsForRootAndTellsTheMistakes)
{
	start("online.action = \"offline\"\n");
	if (geteuid() != 0) {
		EXPECT_FALSE(call("Reload"));
		GTEST_SKIP() << "only root may have it reload";
	}
	tree.write("memhpd.toml", "online.action = \"lunch\"\n");
	const auto refused = call("Reload");
	ASSERT_FALSE(refused);
	EXPECT_NE(refused.error().message.find("memhpd.toml:1:17: "), std::string::npos);
	tree.write("memhpd.toml", "online.borrow = true\n");
	const auto taken = call("Reload");
	ASSERT_TRUE(taken) << taken.error().message;
	EXPECT_TRUE(onlined(2));
	stop();
}

TEST_F(DaemonOfTree, AMendedFileEndsTheFearOfOfflining)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root may change memory";
	start("lunch = 1\n");
	EXPECT_FALSE(call("Offline", {{"target", {"8"}}}));
	EXPECT_EQ(call("Status")->at("status").at("config"), "defaults");
	tree.write("memhpd.toml", "");
	ASSERT_TRUE(call("Reload"));
	EXPECT_TRUE(call("Offline", {{"target", {"8"}}}));
	stop();
}

TEST_F(DaemonOfTree, ExplainsItsPolicy)
{
	start("[[online.rule]]\nsource = \"boot\"\naction = \"kernel\"\n");
	ASSERT_TRUE(onlined(2));
	const auto policy = call("Policy")->at("policy");
	EXPECT_EQ(policy.at("origin"), "file");
	EXPECT_EQ(policy.at("file"), tree.path("memhpd.toml"));
	EXPECT_EQ(policy.at("rules").size(), 1u);
	const auto &last = policy.at("devices").back().at("parts")[0];
	EXPECT_EQ(last.at("blocks"), "32-33");
	EXPECT_EQ(last.at("why"), "kernel by rule 1 (source=boot)");
	stop();
}

TEST_F(DaemonOfTree, LeavesWordForTheProgramsWhenMemoryHasSettled)
{
	tree.write("hooks/10-tell", "#!/bin/sh\n");
	chmod(tree.path("hooks").c_str(), 0755);
	chmod(tree.path("hooks/10-tell").c_str(), 0755);
	start("[hooks]\nsettled = \"" + tree.path("hooks") + "\"\n");
	ASSERT_TRUE(onlined(2));
	stop();
	const auto word = tree.read("run/memhp/settled.env") + "\n";
	EXPECT_NE(word.find("MEMHP_MOVABLE_BEFORE=134217728\n"), std::string::npos) << word;
	EXPECT_NE(word.find("MEMHP_MOVABLE_AFTER=402653184\n"), std::string::npos) << word;
	EXPECT_NE(word.find("MEMHP_CONFIG=" + tree.path("memhpd.toml\n")), std::string::npos);

	tree.remove("run/memhp/settled.env");
	start("[hooks]\nsettled = \"" + tree.path("hooks") + "\"\n");
	EXPECT_TRUE(reaches("scans", 2));
	stop();
	EXPECT_FALSE(tree.exists("run/memhp/settled.env")) << "nothing came or went";
}

TEST_F(DaemonOfTree, GivesItsMetricsOverTheSocketAndInAFile)
{
	tree.make_directory("metrics");
	const auto file = tree.path("metrics/memhp.prom");
	start("[metrics]\ntextfile = \"" + file + "\"\n");
	ASSERT_TRUE(onlined(2));
	const auto text = call("Metrics")->at("text").get<std::string>();
	for (const auto *line :
	     {"memhp_memory_bytes{node=\"0\",zone=\"Movable\",state=\"online\"} 402653184\n",
	      "memhp_changed_blocks_total{operation=\"online\"} 2\n",
	      "memhp_requests_pending{operation=\"offline\"} 0\n", "memhp_up 1\n"})
		EXPECT_NE(text.find(line), std::string::npos) << text;
	EXPECT_TRUE(tree.exists("metrics/memhp.prom"));
	EXPECT_EQ(call("Status")->at("status").at("metrics_error"), "");
	stop();
	EXPECT_FALSE(tree.exists("metrics/memhp.prom"));
}

TEST_F(DaemonOfTree, CountsABadConfigurationAmongItsMetrics)
{
	start();
	EXPECT_NE(call("Metrics")->at("text").get<std::string>().find("memhp_config_good 1\n"),
		  std::string::npos);
	tree.write("memhpd.toml", "lunch = 1\n");
	program->signal(SIGHUP);
	ASSERT_TRUE(reaches("config", "older-file"));
	EXPECT_NE(call("Metrics")->at("text").get<std::string>().find("memhp_config_good 0\n"),
		  std::string::npos);
	stop();
}

TEST_F(DaemonOfTree, ASecondOneDoesNotStart)
{
	start();
	const auto second = run(MEMHPD_FAKE, {"--sysroot", tree.root()});
	EXPECT_EQ(second.status, 1);
	EXPECT_NE(second.err.find("served by another memhpd"), std::string::npos) << second.err;
	stop();
}

TEST(DaemonCommandLine, MistakesAreUsage)
{
	EXPECT_EQ(run(MEMHPD_FAKE, {"--lunch"}).status, 2);
	EXPECT_EQ(run(MEMHPD_FAKE, {"lunch"}).status, 2);
	EXPECT_EQ(run(MEMHPD_FAKE, {"--log-level", "lunch"}).status, 2);
	EXPECT_EQ(run(MEMHPD_FAKE, {"--help"}).status, 0);
	EXPECT_EQ(run(MEMHPD_FAKE, {"--version"}).out, "memhpd " MEMHP_VERSION);
	const auto nowhere = run(MEMHPD_FAKE, {"--sysroot", "/nowhere/at/all"});
	EXPECT_EQ(nowhere.status, 1);
	EXPECT_NE(nowhere.err, "");
}

} // namespace
} // namespace memhp
