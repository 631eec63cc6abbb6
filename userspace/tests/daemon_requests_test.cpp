// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "daemon_fixture.h"

namespace memhp
{
namespace
{

/// With memory that can go: 8 to 11 and 32 to 33 Movable.
class RequestsOfDaemon : public DaemonOfTree
{
protected:
	void SetUp() override
	{
		if (geteuid() != 0)
			GTEST_SKIP() << "only root may change memory";
		for (uint64_t block = 9; block < 12; ++block)
			tree.add(block, "online", "Movable");
		tree.remove(MachineTree::dir(32));
		tree.remove(MachineTree::dir(33));
	}

	/// Begins an offline that nobody waits for; its id.
	uint64_t detach(const std::vector<std::string> &target, json more = json::object())
	{
		more["target"] = target;
		more["detach"] = true;
		const auto answer = call("Offline", more);
		EXPECT_TRUE(answer) << answer.error().message;
		return answer ? answer->at("id").get<uint64_t>() : 0;
	}

	/// Waits until so many writes to blocks other than 0 were made: that one is the barrier's.
	bool written(size_t count) const
	{
		for (int turn = 0; turn < 2000; ++turn) {
			size_t writes = 0;
			for (const auto &write : kernel.writes())
				writes += write.rfind("0 ", 0) != 0;
			if (writes >= count)
				return true;
			usleep(10'000);
		}
		return false;
	}

	/// A process that waits for the end of an offline.
	pid_t wait_for(const json &parameters)
	{
		auto client = varlink::Client::connect(tree.path("run/memhp/io.memhp"));
		EXPECT_TRUE(client);
		const auto pid = fork();
		if (pid == 0) {
			static_cast<void>(client->call("io.memhp.Offline", parameters));
			_exit(0);
		}
		return pid;
	}

	bool all_done() { return reaches("requests", json::array()); }

	static constexpr auto file = "run/memhp/requests.json";
	const json all_or_nothing = {{"all_or_nothing", true}, {"attempt_deadline_ms", 60'000}};
};

TEST_F(RequestsOfDaemon, AreListedAndCanBeCancelled)
{
	kernel.script(9, {"hang"});
	start();
	const auto id = detach({"8-11"}, {{"attempt_deadline_ms", 60'000}});
	ASSERT_TRUE(written(1));
	const auto requests = call("Status")->at("status").at("requests");
	ASSERT_EQ(requests.size(), 1u);
	EXPECT_EQ(requests[0].at("id"), id);
	EXPECT_EQ(requests[0].at("goal"), 4);
	EXPECT_EQ(requests[0].at("detached"), true);
	EXPECT_FALSE(call("Cancel", {{"id", id + 1}}));
	EXPECT_FALSE(call("Cancel", {{"id", "all"}}));
	EXPECT_FALSE(call("Cancel"));
	EXPECT_TRUE(call("Cancel", {{"id", id}}));
	EXPECT_TRUE(all_done());
	EXPECT_EQ(tree.state(9), "online");
	stop();
}

TEST_F(RequestsOfDaemon, AreOnRecordBeforeAnythingIsWritten)
{
	start();
	tree.set_available(0);
	detach({"8-11"});
	const auto saved = json::parse(tree.read(file)).at("requests");
	ASSERT_EQ(saved.size(), 1u);
	EXPECT_EQ(saved[0].at("blocks").size(), 4u);
	EXPECT_EQ(saved[0].at("blocks")[0].at(1), "Movable");
	tree.set_available(uint64_t{64} << 30);
	EXPECT_TRUE(all_done());
	EXPECT_TRUE(json::parse(tree.read(file)).at("requests").empty());
	stop();
}

TEST_F(RequestsOfDaemon, ThatCannotBeOnRecordAreRefused)
{
	start();
	tree.make_directory(std::string(file) + ".new/in-the-way");
	EXPECT_FALSE(call("Offline", {{"target", {"8"}}}));
	EXPECT_EQ(tree.state(8), "online");
	stop();
}

TEST_F(RequestsOfDaemon, GoOnInTheNextAfterACrash)
{
	kernel.script(10, {"hang"});
	start();
	const auto id = detach({"8-11"}, all_or_nothing);
	ASSERT_TRUE(written(3));
	program.reset(); // SIGKILL
	EXPECT_EQ(tree.state(11), "offline");
	start();
	EXPECT_TRUE(all_done());
	for (uint64_t block = 8; block < 12; ++block)
		EXPECT_EQ(tree.state(block), "offline") << block;
	EXPECT_GT(detach({"8"}), id) << "an id is used once";
	stop();
	EXPECT_EQ(standing(9), "deliberate");
}

TEST_F(RequestsOfDaemon, PutBackInTheNextWhatACrashLeftOffline)
{
	kernel.script(10, {"hang", "22"});
	start();
	detach({"8-11"}, all_or_nothing);
	ASSERT_TRUE(written(3));
	program.reset();
	start();
	EXPECT_TRUE(all_done());
	for (uint64_t block = 8; block < 12; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
	EXPECT_EQ(tree.read(MachineTree::dir(11) + "/valid_zones"), "Movable");
	stop();
	EXPECT_EQ(standing(11), "handled");
}

TEST_F(RequestsOfDaemon, OfAClientThatWaitedEndInTheNextWithEverythingPutBack)
{
	kernel.script(10, {"hang"});
	start();
	auto parameters = all_or_nothing;
	parameters["target"] = {"8-11"};
	const auto client = wait_for(parameters);
	ASSERT_TRUE(written(3));
	program.reset();
	waitpid(client, nullptr, 0);
	start();
	EXPECT_TRUE(all_done());
	for (uint64_t block = 8; block < 12; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
	stop();
}

TEST_F(RequestsOfDaemon, HugePagesAreHadAgainAfterACrash)
{
	const std::string pool = "sys/devices/system/node/node0/hugepages/hugepages-2048kB/";
	const auto assist = "[offline]\nassist = [\"hugepages\"]\n";
	tree.write(pool + "nr_hugepages", "10\n");
	tree.write(pool + "free_hugepages", "4\n");
	kernel.script(9, {"16", "hang"});
	start(assist);
	const auto client = wait_for({{"target", {"9"}}, {"attempt_deadline_ms", 60'000}});
	ASSERT_TRUE(written(3));
	program.reset();
	waitpid(client, nullptr, 0);
	EXPECT_EQ(tree.read(pool + "nr_hugepages"), "6");
	start(assist);
	EXPECT_TRUE(all_done());
	EXPECT_EQ(tree.read(pool + "nr_hugepages"), "10");
	EXPECT_EQ(tree.state(9), "online");
	stop();
}

TEST_F(RequestsOfDaemon, AreKeptOverAStop)
{
	kernel.script(10, {"hang"});
	start();
	detach({"8-11"}, all_or_nothing);
	ASSERT_TRUE(written(3));
	stop();
	EXPECT_EQ(tree.state(11), "offline") << "it will go on, so nothing is put back";
	EXPECT_EQ(json::parse(tree.read(file)).at("requests").size(), 1u);
	start();
	EXPECT_TRUE(all_done());
	for (uint64_t block = 8; block < 12; ++block)
		EXPECT_EQ(tree.state(block), "offline") << block;
	stop();
}

TEST_F(RequestsOfDaemon, WaitForAConfigurationThatCanBeUsed)
{
	kernel.script(10, {"hang"});
	start();
	detach({"8-11"}, all_or_nothing);
	ASSERT_TRUE(written(3));
	program.reset();
	start("lunch = 1\n");
	EXPECT_TRUE(reaches("requests", json::array()));
	EXPECT_EQ(json::parse(tree.read(file)).at("requests").size(), 1u);
	EXPECT_EQ(tree.state(8), "online");
	tree.write("memhpd.toml", "");
	ASSERT_TRUE(call("Reload"));
	EXPECT_TRUE(all_done());
	EXPECT_EQ(tree.state(8), "offline");
	stop();
}

TEST_F(RequestsOfDaemon, AGarbledRecordKeepsNothingFromStarting)
{
	tree.write(file, "{");
	start();
	EXPECT_TRUE(call("Offline", {{"target", {"8"}}}));
	EXPECT_EQ(tree.state(8), "offline");
	stop();
}

} // namespace
} // namespace memhp
