// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/settled.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "play.h"
#include "system/config/hooks.h"
#include "tree.h"

namespace memhp
{
namespace
{

using namespace std::chrono_literals;

constexpr uint64_t block_size = 1 << 27;

/// memhpd's part of the work: block 0 is Normal, 32 and 33 are offline.
class SettledOfTree : public testing::Test
{
protected:
	SettledOfTree()
		: sysfs(build()), dir(open(tree.path("run").c_str(), O_RDONLY | O_DIRECTORY))
	{
		configure("hooks");
		begin();
	}

	Sysfs build()
	{
		tree.make_directory("run");
		tree.make_directory("hooks");
		chmod(tree.path("hooks").c_str(), 0755);
		tree.write("hooks/10-tell", "#!/bin/sh\n");
		chmod(tree.path("hooks/10-tell").c_str(), 0755);
		tree.add(0, "online", "Normal");
		tree.add(32, "offline", "Movable Normal");
		tree.add(33, "offline", "Movable Normal");
		return std::move(Sysfs::open(tree.root()).value());
	}

	void configure(const std::string &directory)
	{
		tree.write("memhpd.toml", "[hooks]\nsettled = \"" +
						  (directory.empty() ? "" : tree.path(directory)) +
						  "\"\n");
		if (config)
			config->load();
		else
			config.emplace(tree.path("memhpd.toml"), true);
	}

	/// As a memhpd that is started.
	void begin()
	{
		settled.emplace(loop, sysfs, *config, dir);
		settled->start();
	}

	void change(uint64_t block, const std::string &state)
	{
		tree.write(MachineTree::dir(block) + "/state", state + "\n");
		tree.write(MachineTree::dir(block) + "/valid_zones",
			   state == "online" ? "Movable\n" : "Movable Normal\n");
		settled->on_uevent(
			{state == "online" ? Uevent::Action::online : Uevent::Action::offline,
			 block});
	}

	/// As a memhpd that is started a minute later.
	void begin_later()
	{
		auto variables = parse_lines(tree.read("run/settled.state")).value();
		for (auto &[name, value] : variables)
			if (name == "MEMHP_TOLD_MS")
				value = "1";
		tree.write("run/settled.state", to_lines(variables));
		begin();
	}

	bool told() const { return tree.exists("run/settled.env"); }
	Settled word() const
	{
		return parse_lines(tree.read("run/settled.env"))
			.and_then(settled_from)
			.value_or(Settled());
	}

	MachineTree tree;
	Sysfs sysfs;
	Loop loop;
	Fd dir;
	std::optional<ConfigFile> config;
	std::optional<SettledHooks> settled;
};

TEST_F(SettledOfTree, LeavesWordWhenABurstHasSettled)
{
	const auto began = Loop::now();
	change(32, "online");
	change(33, "online");
	EXPECT_FALSE(told());
	ASSERT_TRUE(play(loop, {{[&] { return told(); }}}));
	EXPECT_GE(Loop::now(), began + Settle::quiet);
	EXPECT_EQ(word().before.movable, 0u);
	EXPECT_EQ(word().before.offline, 2 * block_size);
	EXPECT_EQ(word().after.movable, 2 * block_size);
	EXPECT_EQ(word().after.kernel, block_size);
	EXPECT_EQ(word().block_size, block_size);
	EXPECT_EQ(word().config, tree.path("memhpd.toml"));
	EXPECT_EQ(word().directory, tree.path("hooks"));
	EXPECT_EQ(settled->count(), 1u);
}

TEST_F(SettledOfTree, AtAStopTellsWhatThereIs)
{
	settled->stop();
	EXPECT_FALSE(told()) << "nothing has happened";
	change(32, "online");
	settled->stop();
	EXPECT_EQ(word().after.movable, block_size);
}

TEST_F(SettledOfTree, WordThatNobodyTookBecomesPartOfTheNext)
{
	change(32, "online");
	settled->stop();
	ASSERT_TRUE(told());
	begin_later();
	change(33, "online");
	settled->stop();
	EXPECT_EQ(word().before.movable, 0u) << "of the first";
	EXPECT_EQ(word().after.movable, 2 * block_size) << "of the second";

	tree.remove("run/settled.env"); // as the unit does
	begin_later();
	change(33, "offline");
	settled->stop();
	EXPECT_EQ(word().before.movable, 2 * block_size) << "the first is over";
	EXPECT_EQ(word().after.movable, block_size);
}

TEST_F(SettledOfTree, ARestartKeepsTheMinuteAndWhatIsToBeTold)
{
	change(32, "online");
	settled->stop();
	tree.remove("run/settled.env");
	change(33, "online");
	settled->stop();
	EXPECT_FALSE(told()) << "the minute is not over";
	begin();
	settled->stop();
	EXPECT_FALSE(told()) << "for the next memhpd neither";
	begin_later();
	settled->stop();
	EXPECT_EQ(word().before.movable, block_size) << "as it was told last";
	EXPECT_EQ(word().after.movable, 2 * block_size);
}

TEST_F(SettledOfTree, TellsWhatHappenedWhileNoMemhpdRan)
{
	settled.reset();
	tree.write(MachineTree::dir(32) + "/state", "online\n");
	tree.write(MachineTree::dir(32) + "/valid_zones", "Movable\n");
	begin();
	settled->stop();
	EXPECT_EQ(word().before.movable, 0u);
	EXPECT_EQ(word().after.movable, block_size);
}

TEST_F(SettledOfTree, AfterLostEventsItLooks)
{
	settled->on_lost();
	settled->seen(*sysfs.scan());
	settled->stop();
	EXPECT_FALSE(told()) << "all is as it was";
	tree.write(MachineTree::dir(32) + "/state", "online\n");
	tree.write(MachineTree::dir(32) + "/valid_zones", "Movable\n");
	settled->seen(*sysfs.scan());
	settled->stop();
	EXPECT_FALSE(told()) << "its event is on its way";
	settled->on_lost();
	settled->seen(*sysfs.scan());
	settled->stop();
	EXPECT_TRUE(told());
}

TEST_F(SettledOfTree, AdditionsAreNothingToTell)
{
	settled->on_uevent({Uevent::Action::add, 40});
	settled->on_uevent({Uevent::Action::remove, 40});
	settled->on_uevent({Uevent::Action::other, 32});
	settled->stop();
	EXPECT_FALSE(told());
}

TEST_F(SettledOfTree, NobodyIsToldWhereThereIsNoProgram)
{
	tree.remove("hooks/10-tell");
	change(32, "online");
	settled->stop();
	EXPECT_FALSE(told()) << "an empty directory";
	configure("");
	begin();
	change(33, "online");
	settled->stop();
	EXPECT_FALSE(told()) << "no directory configured";
}

TEST_F(SettledOfTree, ABurstThatNobodyWasToldOfIsNoPartOfTheNext)
{
	tree.remove("hooks/10-tell");
	change(32, "online");
	settled->stop();
	EXPECT_FALSE(tree.exists("run/settled.state")) << "for the next memhpd it would be news";
	settled->seen(*sysfs.scan());
	tree.write("hooks/10-tell", "#!/bin/sh\n");
	chmod(tree.path("hooks/10-tell").c_str(), 0755);
	change(33, "online");
	settled->stop();
	EXPECT_EQ(word().before.movable, block_size);
	EXPECT_EQ(word().after.movable, 2 * block_size);
}

TEST_F(SettledOfTree, ADirectoryThatIsNamedAndMissingIsTheUnitsToReport)
{
	configure("nowhere");
	change(32, "online");
	settled->stop();
	EXPECT_EQ(word().directory, tree.path("nowhere"));
}

TEST_F(SettledOfTree, WhereTheWordCannotBeLeftItIsTriedAgain)
{
	tree.make_directory("run/settled.env.new"); // in the way
	change(32, "online");
	settled->stop();
	EXPECT_FALSE(told());
	tree.remove("run/settled.env.new");
	begin();
	settled->stop();
	EXPECT_FALSE(told()) << "in a minute";
	begin_later();
	settled->stop();
	EXPECT_TRUE(told());
	EXPECT_EQ(word().before.movable, 0u);
}

} // namespace
} // namespace memhp
