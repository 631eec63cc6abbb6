// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "daemon_fixture.h"

namespace memhp
{
namespace
{

/// With a DIMM of blocks 8 to 11, all Movable.
class EjectByDaemon : public DaemonOfTree
{
protected:
	void SetUp() override
	{
		if (geteuid() != 0)
			GTEST_SKIP() << "only root may change memory";
		for (uint64_t block = 9; block < 12; ++block)
			tree.add(block, "online", "Movable");
		for (uint64_t block = 8; block < 12; ++block)
			tree.own(block, "PNP0C80:01");
		tree.add_eject("PNP0C80:01");
		tree.remove(MachineTree::dir(32));
		tree.remove(MachineTree::dir(33));
	}

	Result<json> eject(json more = json::object())
	{
		more["target"] = {"device:PNP0C80:01"};
		more["all_or_nothing"] = true;
		more["eject"] = true;
		return call("Offline", more);
	}

	bool written(const std::string &line) const
	{
		for (int turn = 0; turn < 2000; ++turn) {
			for (const auto &one : kernel.writes())
				if (one == line)
					return true;
			usleep(10'000);
		}
		return false;
	}
};

TEST_F(EjectByDaemon, TellsWhatBecameOfIt)
{
	start();
	const auto answer = eject();
	ASSERT_TRUE(answer) << answer.error().message;
	const auto &report = answer->at("report");
	EXPECT_EQ(report.at("ejected"),
		  json({{"device", "PNP0C80:01"}, {"done", true}, {"reason", ""}}));
	EXPECT_EQ(report.at("done"), json({8, 9, 10, 11}));
	EXPECT_FALSE(tree.exists(MachineTree::dir(8)));
	stop();
}

TEST_F(EjectByDaemon, RefusesWhatIsNoDevice)
{
	start();
	for (const auto &target : {json({"8-11"}), json({"128M"}), json({"device:PNP0C80:07"})}) {
		const auto answer = call("Offline", {{"target", target}, {"eject", true}});
		EXPECT_FALSE(answer) << target;
	}
	EXPECT_FALSE(call("Online", {{"target", {"device:PNP0C80:01"}}, {"eject", true}}));
	EXPECT_EQ(tree.state(8), "online");
	stop();
}

TEST_F(EjectByDaemon, GoesOnAfterACrash)
{
	kernel.script(10, {"hang"});
	start();
	ASSERT_TRUE(eject({{"detach", true}, {"attempt_deadline_ms", 60'000}}));
	ASSERT_TRUE(written("10 offline"));
	program.reset(); // SIGKILL
	start();
	EXPECT_TRUE(written("PNP0C80:01 eject 1"));
	EXPECT_TRUE(reaches("requests", json::array()));
	EXPECT_FALSE(tree.exists(MachineTree::dir(8)));
	stop();
}

TEST_F(EjectByDaemon, ACrashDuringTheEjectOfAClientThatWaitedPutsBack)
{
	kernel.script_eject("PNP0C80:01", {"stay"});
	start();
	auto client = varlink::Client::connect(tree.path("run/memhp/io.memhp"));
	ASSERT_TRUE(client);
	const auto pid = fork();
	if (pid == 0) {
		static_cast<void>(
			client->call("io.memhp.Offline", {{"target", {"device:PNP0C80:01"}},
							  {"all_or_nothing", true},
							  {"eject", true}}));
		_exit(0);
	}
	ASSERT_TRUE(written("PNP0C80:01 eject 1"));
	EXPECT_TRUE(call("Status")->at("status").at("requests")[0].at("ejecting"));
	program.reset();
	waitpid(pid, nullptr, 0);
	start();
	EXPECT_TRUE(reaches("requests", json::array()));
	for (uint64_t block = 8; block < 12; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
	stop();
}

} // namespace
} // namespace memhp
