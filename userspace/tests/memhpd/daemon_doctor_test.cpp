// SPDX-License-Identifier: GPL-2.0-only
#include "daemon_fixture.h"

namespace memhp
{
namespace
{

/// What memhpctl doctor finds with a daemon at work.
class DoctorAndDaemon : public DaemonOfTree
{
protected:
	std::string ids() const
	{
		const auto output = run(MEMHPCTL, {"--sysroot", tree.root(), "doctor", "--json"});
		const auto document = json::parse(output.out);
		std::string result;
		for (const auto &finding : document.at("findings"))
			if (finding.at("level") == "problem")
				result += finding.at("id").get<std::string>() + " ";
		EXPECT_EQ(document.at("clean"), result.empty());
		EXPECT_EQ(output.status, result.empty() ? 0 : 1);
		return result;
	}
};

TEST_F(DoctorAndDaemon, KnowsWhatIsOfflineOnPurpose)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root may change memory";
	tree.link("etc/systemd/system/multi-user.target.wants/memhpd.service", "memhpd.service");
	start();
	ASSERT_TRUE(onlined(2));
	EXPECT_EQ(ids(), "");

	ASSERT_TRUE(call("Offline", {{"target", {"8"}}}));
	EXPECT_EQ(tree.state(8), "offline");
	EXPECT_EQ(ids(), "") << "somebody asked for it";

	// The kernel says nothing of this one, and memhpd has not looked.
	tree.add(9, "offline", "Movable");
	EXPECT_EQ(ids(), "blocks-offline ");
	tree.remove(MachineTree::dir(9));
	stop();
	EXPECT_EQ(ids(), "daemon-down auto-online ") << "it has left word of block 8";
	tree.overwrite(MachineTree::dir(33) + "/state", "offline");
	EXPECT_EQ(ids(), "daemon-down auto-online blocks-offline ");
}

TEST_F(DoctorAndDaemon, TellsOfABadConfiguration)
{
	tree.link("etc/systemd/system/multi-user.target.wants/memhpd.service", "memhpd.service");
	tree.write("etc/memhp/memhpd.toml", "lunch = 1\n");
	start();
	ASSERT_TRUE(onlined(2));
	EXPECT_EQ(ids(), "configuration ");
	stop();
}

} // namespace
} // namespace memhp
