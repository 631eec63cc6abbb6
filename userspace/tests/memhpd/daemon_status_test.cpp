// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "daemon_fixture.h"

namespace memhp
{
namespace
{

/// What the status says of the memory, while the daemon does things to it.
class StatusOfDaemon : public DaemonOfTree
{
protected:
	void SetUp() override
	{
		if (geteuid() != 0)
			GTEST_SKIP() << "only root may change memory";
		start("[online]\naction = \"offline\"\n");
		ASSERT_TRUE(reaches("scans", 2)) << "the first look, and the first round's";
	}

	json status() const
	{
		const auto output = run(MEMHPCTL, {"--sysroot", tree.root(), "status", "--json"});
		EXPECT_EQ(output.status, 0) << output.err;
		return json::parse(output.out, nullptr, false);
	}
	std::string text() const { return run(MEMHPCTL, {"--sysroot", tree.root(), "status"}).out; }
	json total(const char *what) const { return status().at("total").at(what); }

	/// Without what only one of them has: a memhpd, or the time.
	static json without_daemon(json status)
	{
		for (const auto *key : {"view", "daemon", "daemon_error"})
			status.erase(key);
		return status;
	}

	static constexpr uint64_t size = 1 << 27;
};

TEST_F(StatusOfDaemon, IsWhatALookAtAllBlocksSays)
{
	tree.write("sys/devices/system/node/online", "0-2\n");
	const auto told = status();
	EXPECT_TRUE(told.at("view").at("verified_ms_ago").is_number_unsigned()) << told;
	EXPECT_EQ(told.at("view").at("in_doubt"), 0);
	EXPECT_EQ(told.at("total"),
		  (json{{"kernel", size}, {"movable", size}, {"other", 0}, {"offline", 2 * size}}));
	EXPECT_FALSE(told.at("daemon").contains("memory")) << "once is enough";
	const auto human = text();
	EXPECT_EQ(human.find("4 memory blocks of 128M, as memhpd knows them; it read all of them "),
		  0u)
		<< human;
	stop();

	const auto looked = status();
	EXPECT_EQ(looked.at("view"), nullptr);
	EXPECT_EQ(without_daemon(looked), without_daemon(told));
	// The tables are the same: all between the first line and the daemon's.
	const auto table = [](const std::string &all) {
		const auto first = all.find('\n');
		return all.substr(first, all.find("\nmemhpd:") - first);
	};
	EXPECT_EQ(table(text()), table(human));
	EXPECT_EQ(text().find("4 memory blocks of 128M\n"), 0u) << text();
}

TEST_F(StatusOfDaemon, FollowsWhatTheDaemonDoes)
{
	ASSERT_TRUE(call("Offline", {{"target", {"8"}}, {"min_free", "0"}}));
	EXPECT_EQ(total("movable"), 0);
	EXPECT_EQ(total("offline"), 3 * size);
	ASSERT_TRUE(call("Online", {{"target", {"32"}}, {"type", "online_kernel"}}));
	EXPECT_EQ(total("kernel"), 2 * size);
	EXPECT_EQ(total("offline"), 2 * size);
	const auto after = without_daemon(status());
	stop();
	EXPECT_EQ(without_daemon(status()), after);
}

TEST_F(StatusOfDaemon, ReadsNoBlockThatNothingWasHeardOf)
{
	// In a tree there are no events.
	tree.write(MachineTree::dir(8) + "/state", "offline\n");
	EXPECT_EQ(total("movable"), size);
	program->signal(SIGUSR1);
	ASSERT_TRUE(reaches("scans", 3));
	EXPECT_EQ(total("movable"), 0);
	stop();
}

TEST_F(StatusOfDaemon, OfACollectedTreeIsTheTrees)
{
	const auto answer = call("Status");
	stop();
	tree.write("memhp-collect/status.json", answer->dump());
	tree.write(MachineTree::dir(8) + "/state", "offline\n");
	const auto told = status();
	EXPECT_EQ(told.at("total").at("movable"), 0);
	EXPECT_EQ(told.at("view"), nullptr);
	EXPECT_EQ(told.at("daemon").at("action"), "offline");
	EXPECT_FALSE(told.at("daemon").contains("memory"));
}

} // namespace
} // namespace memhp
