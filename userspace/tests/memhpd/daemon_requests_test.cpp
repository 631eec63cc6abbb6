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

	/// The first request waits.
	bool waits()
	{
		for (int turn = 0; turn < 100'000; ++turn) {
			const auto requests = call("Status")->at("status").at("requests");
			if (!requests.empty() && requests[0].at("waiting").is_string())
				return true;
		}
		return false;
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

TEST_F(RequestsOfDaemon, AreShownAndCancelledByMemhpctl)
{
	const auto ctl = [this](std::vector<std::string> words) {
		words.insert(words.begin(), {"--sysroot", tree.root()});
		return run(MEMHPCTL, words);
	};
	kernel.script(8, {"hang"});
	start();
	const auto id = std::to_string(detach({"8"}, {{"attempt_deadline_ms", 60'000}}));
	ASSERT_TRUE(written(1));
	EXPECT_NE(ctl({"status"}).out.find("\nrequest " + id + ": offline 8: 0 of 1 blocks, "),
		  std::string::npos);
	EXPECT_EQ(ctl({"cancel", id + "0"}).status, 1);
	EXPECT_EQ(ctl({"cancel", id}).status, 0);
	EXPECT_TRUE(all_done());

	tree.set_available(0);
	detach({"8"});
	detach({"9"});
	ASSERT_TRUE(waits());
	EXPECT_NE(ctl({"status"}).out.find(", waiting: 0 would stay available"), std::string::npos);
	EXPECT_EQ(ctl({"cancel", "all"}).status, 0);
	EXPECT_TRUE(all_done());
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

TEST_F(RequestsOfDaemon, ATrialIsNobodysWishAndIsPutBackAfterACrash)
{
	kernel.script(9, {"ok", "hang"}); // it goes, and is killed on its way back
	start();
	const auto client = wait_for({{"target", {"9"}}, {"trial", true}});
	ASSERT_TRUE(written(2));
	program.reset(); // SIGKILL
	waitpid(client, nullptr, 0);
	EXPECT_EQ(tree.state(9), "offline");
	start();
	EXPECT_TRUE(all_done());
	EXPECT_EQ(tree.state(9), "online");
	EXPECT_EQ(tree.read(MachineTree::dir(9) + "/valid_zones"), "Movable");
	EXPECT_TRUE(call("Offline", {{"target", {"10"}}, {"trial", true}}));
	EXPECT_EQ(tree.state(10), "online");
	stop();
	EXPECT_EQ(standing(9), "handled");
	EXPECT_EQ(standing(10), "handled");
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
