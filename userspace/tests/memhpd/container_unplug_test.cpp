// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include "unplugger_fixture.h"

namespace memhp
{
namespace
{

/// A container with blocks 40 and 41, and in it another one with block 42, which is in a kernel
/// zone, and processor 3, which is offline.
class ContainerUnplugOfTree : public UnpluggerOfTree
{
protected:
	static constexpr auto name = "ACPI0004:00";
	static constexpr auto cpu = "sys/devices/system/cpu/cpu3/online";

	ContainerUnplugOfTree()
	{
		tree.add_container(name);
		tree.add_container("ACPI0004:01", name);
		tree.add_processor("ACPI0004:00/ACPI0004:01/ACPI0007:05", 3);
		tree.write(cpu, "0\n");
		for (uint64_t block = 40; block < 43; ++block) {
			plug(block, block < 42 ? "ACPI0004:00/PNP0C80:03"
					       : "ACPI0004:00/ACPI0004:01/PNP0C80:04");
			become(block, block < 42 ? "Movable" : "Normal");
		}
	}

	Scene asked()
	{
		return {[] { return true; }, [this] { unplugger->container(name); }};
	}
	void all_removed()
	{
		for (uint64_t block = 40; block < 43; ++block)
			unplugger->on_uevent({Uevent::Action::remove, block});
	}
	std::string doing() const
	{
		const auto views = unplugger->views();
		return views.empty() ? "nothing" : views[0].doing;
	}
	void expect_all_back() const
	{
		for (uint64_t block = 40; block < 43; ++block)
			EXPECT_EQ(tree.read(MachineTree::dir(block) + "/valid_zones"),
				  block < 42 ? "Movable" : "Normal")
				<< block;
		EXPECT_EQ(tree.read("sys/devices/system/container/ACPI0004:00/online"), "1");
		EXPECT_EQ(tree.read("sys/devices/system/container/ACPI0004:01/online"), "1");
	}
	/// The last so many writes.
	Lines last(size_t count) const
	{
		const auto lines = writes();
		return {lines.end() - static_cast<std::ptrdiff_t>(std::min(count, lines.size())),
			lines.end()};
	}
};

TEST_F(ContainerUnplugOfTree, ItsMemoryGoesThenItselfThenItIsEjected)
{
	begin();
	ASSERT_TRUE(play(loop, {asked(), written("ACPI0004:00 eject 1", [this] { all_removed(); }),
				over()}));
	auto lines = writes();
	ASSERT_EQ(lines.size(), 6u);
	EXPECT_EQ(last(3),
		  (Lines{"ACPI0004:01 online 0", "ACPI0004:00 online 0", "ACPI0004:00 eject 1"}));
	lines.resize(3);
	std::sort(lines.begin(), lines.end());
	EXPECT_EQ(lines, (Lines{"40 offline", "41 offline", "42 offline"}));
	EXPECT_EQ(unplugger->counters().ejected, 1u);
	EXPECT_EQ(tree.state(32), "online") << "it is not in it";
}

TEST_F(ContainerUnplugOfTree, ProcessorsThatAreLeftAreReportedAndWaitedFor)
{
	tree.write(cpu, "1\n");
	begin();
	ASSERT_TRUE(
		play(loop, {asked(),
			    {[this] { return doing().find("processors 3 ") != std::string::npos; },
			     [this] {
				     EXPECT_EQ(tree.state(42), "offline");
				     for (const auto &line : writes())
					     EXPECT_EQ(line.find("online 0"), std::string::npos);
				     tree.overwrite(cpu, "0\n");
			     }},
			    written("ACPI0004:00 eject 1", [this] { all_removed(); }),
			    over()}));
	EXPECT_EQ(unplugger->counters().ejected, 1u);
}

TEST_F(ContainerUnplugOfTree, AllIsPutBackWhenTheyDoNotGo)
{
	tree.write(cpu, "1\n");
	begin("[unplug]\ndeadline = \"300ms\"\n");
	ASSERT_TRUE(play(loop, {asked(), over()}));
	expect_all_back();
	EXPECT_EQ(unplugger->counters().gave_up, 1u);
}

TEST_F(ContainerUnplugOfTree, TheContainerIsBackOnlineBeforeItsBlocks)
{
	kernel.script_eject(name, {std::to_string(EACCES)});
	tree.add_policy_settings();
	begin();
	ASSERT_TRUE(play(loop, {asked(), over()}));
	expect_all_back();
	const auto end = last(5);
	EXPECT_EQ(end[0], "ACPI0004:00 online 1") << "the outer one first";
	EXPECT_EQ(end[1], "ACPI0004:01 online 1");
}

TEST_F(ContainerUnplugOfTree, ItsOwnEjectIsNoOtherRequest)
{
	begin();
	ASSERT_TRUE(play(loop, {asked(),
				written("ACPI0004:00 eject 1",
					[this] {
						unplugger->container(name);
						all_removed();
					}),
				over()}));
	EXPECT_EQ(unplugger->counters().asked, 1u);
}

TEST_F(ContainerUnplugOfTree, OneWithoutMemoryIsForOthers)
{
	tree.add_container("ACPI0004:07");
	begin();
	ASSERT_TRUE(play(loop, {{[] { return true; },
				 [this] {
					 unplugger->container("ACPI0004:07");
					 unplugger->container("ACPI0004:09");
				 }},
				over()}));
	EXPECT_EQ(writes(), Lines());
	EXPECT_EQ(unplugger->counters().asked, 0u);
}

TEST_F(ContainerUnplugOfTree, NothingIsDoneWhereThatIsNotWanted)
{
	begin("[unplug]\nretry = false\n");
	ASSERT_TRUE(play(loop, {asked(), over()}));
	EXPECT_EQ(writes(), Lines());
	EXPECT_EQ(unplugger->counters().asked, 1u);
}

TEST_F(ContainerUnplugOfTree, TheNextMemhpdGoesOn)
{
	SavedUnplug saved;
	saved.asked = Loop::now();
	for (uint64_t block = 40; block < 43; ++block) {
		saved.taken[block] = {sysfs.inode(block).value(),
				      block == 42 ? Zone::normal : Zone::movable};
		tree.write(MachineTree::dir(block) + "/state", "offline\n");
	}
	begin("[online]\nfirst_scan = \"leave\"\n", {{name, saved}});
	ASSERT_TRUE(
		play(loop, {written("ACPI0004:00 eject 1", [this] { all_removed(); }), over()}));
	EXPECT_EQ(unplugger->counters().ejected, 1u);
}

} // namespace
} // namespace memhp
