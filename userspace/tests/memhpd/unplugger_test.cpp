// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include "unplugger_fixture.h"

namespace memhp
{
namespace
{

TEST_F(UnpluggerOfTree, OfflinesAndEjectsWhatTheKernelGaveUp)
{
	begin();
	ASSERT_TRUE(play(
		loop, {fails(33), written("PNP0C80:01 eject 1", [this] { removed(); }), over()}));
	auto lines = writes();
	EXPECT_EQ(lines.back(), "PNP0C80:01 eject 1");
	lines.pop_back();
	std::sort(lines.begin(), lines.end());
	EXPECT_EQ(lines, (Lines{"32 offline", "33 offline", "34 offline", "35 offline"}));
	EXPECT_EQ(unplugger->counters().ejected, 1u);
	EXPECT_EQ(drains, 1) << "after the barrier";
	EXPECT_EQ(on_record.count("PNP0C80:01"), 1u);
	EXPECT_TRUE(load_unplugs(dir.get(), file)->empty());
}

TEST_F(UnpluggerOfTree, PutsOnRecordWhereEachBlockWasBeforeItWrites)
{
	kernel.script(35, {"hang"});
	begin();
	ASSERT_TRUE(play(loop, {fails(33), written("35 offline", [this] {
					on_record = load_unplugs(dir.get(), file).value();
				})}));
	const auto &taken = on_record.at("PNP0C80:01").taken;
	ASSERT_EQ(taken.size(), 4u);
	EXPECT_EQ(taken.at(32).zone, Zone::movable);
	EXPECT_EQ(taken.at(35).zone, Zone::normal);
	EXPECT_EQ(taken.at(35).inode, sysfs.scan()->back().inode);
}

TEST_F(UnpluggerOfTree, PutsAllBackWhereItCameFromWhenOneCannotGo)
{
	kernel.script(33, {"22"});
	begin();
	ASSERT_TRUE(play(loop, {fails(33), over()}));
	for (uint64_t block = 32; block < 36; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
	EXPECT_EQ(tree.read(MachineTree::dir(34) + "/valid_zones"), "Movable");
	EXPECT_EQ(tree.read(MachineTree::dir(35) + "/valid_zones"), "Normal");
	EXPECT_EQ(unplugger->counters().gave_up, 1u);
}

TEST_F(UnpluggerOfTree, PutsAllBackWhenTheEjectIsRefused)
{
	kernel.script_eject("PNP0C80:01", {std::to_string(EACCES)});
	begin();
	ASSERT_TRUE(play(loop, {fails(33), over()}));
	for (uint64_t block = 32; block < 36; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
	EXPECT_EQ(tree.read(MachineTree::dir(32) + "/valid_zones"), "Movable");
	EXPECT_EQ(tree.read(MachineTree::dir(35) + "/valid_zones"), "Normal");
	EXPECT_EQ(unplugger->counters().gave_up, 1u);
}

/// So the kernel answers where hotplug of ACPI memory is switched off.
TEST_F(UnpluggerOfTree, AnEjectFileThatDoesNothingIsNoSuccess)
{
	kernel.script_eject("PNP0C80:01", {std::to_string(ENODEV)});
	begin();
	ASSERT_TRUE(play(loop, {fails(33), over()}));
	EXPECT_EQ(unplugger->counters().ejected, 0u);
	EXPECT_EQ(tree.state(33), "online");
}

TEST_F(UnpluggerOfTree, TheLastMemoryOfANodeThatSomebodyNamesStays)
{
	tree.add(60, "online", "Movable", 1);
	tree.own(60, "PNP0C80:09");
	tree.add_eject("PNP0C80:09");
	tree.write("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
	tree.write("sys/fs/cgroup/db/cpuset.mems", "1\n");
	begin();
	ASSERT_TRUE(play(loop, {fails(60), over()}));
	EXPECT_EQ(writes(), Lines());
	EXPECT_EQ(tree.state(60), "online");
	EXPECT_EQ(unplugger->counters().gave_up, 1u);
}

TEST_F(UnpluggerOfTree, WhatARequestHasEndedWithItLeavesOffline)
{
	kernel.script_eject("PNP0C80:01", {std::to_string(EACCES)});
	begin();
	ChangeRequest request;
	request.target = {"34"};
	Requests::Client client;
	client.uid = 1;
	ASSERT_TRUE(play(
		loop, {fails(33),
		       written("34 offline",
			       [&] { EXPECT_TRUE(requests->begin(request, std::move(client))); }),
		       over()}));
	EXPECT_EQ(tree.state(34), "offline");
	for (const uint64_t block : {32u, 33u, 35u})
		EXPECT_EQ(tree.state(block), "online") << block;
}

TEST_F(UnpluggerOfTree, AnOperatorsEjectIsNoRequestOfTheHost)
{
	kernel.script_eject("PNP0C80:01", {"stay"});
	begin();
	ChangeRequest request;
	request.target = {"device:PNP0C80:01"};
	request.all_or_nothing = true;
	request.eject = true;
	std::optional<Report> report;
	Requests::Client client;
	client.finished = [&](const Report &one) { report = one; };
	ASSERT_TRUE(requests->begin(request, std::move(client)));
	EXPECT_FALSE(requests->ejecting("PNP0C80:01"));
	bool drained = false;
	const auto told = [&] { // as the kernel does before it lets go of the lock
		drained = true;
		EXPECT_TRUE(requests->ejecting("PNP0C80:01"));
		unplugger->failed(33);
	};
	drain = told;
	ASSERT_TRUE(play(loop, {written("PNP0C80:01 eject 1",
					[&] {
						unplugger->failed(33);
						for (uint64_t block = 32; block < 36; ++block)
							if (block != 33)
								tree.remove(
									MachineTree::dir(block));
						tree.move(MachineTree::dir(33), "aside");
					}),
				{[&] { return report.has_value(); },
				 [&] { tree.move("aside", MachineTree::dir(33)); }},
				{[&] { return !requests->ejecting("PNP0C80:01"); },
				 [&] {
					 EXPECT_EQ(unplugger->counters().asked, 0u);
					 unplugger->failed(33);
				 }}}));
	EXPECT_TRUE(drained);
	EXPECT_TRUE(report->complete());
	EXPECT_EQ(unplugger->counters().asked, 1u) << "what comes later is one";
}

TEST_F(UnpluggerOfTree, LeavesTheEjectToTheHostAndPutsBackInTheEnd)
{
	begin("[unplug]\neject = false\ndeadline = \"300ms\"\n");
	ASSERT_TRUE(play(loop, {fails(33), over()}));
	for (const auto &line : writes())
		EXPECT_EQ(line.find("eject"), std::string::npos);
	for (uint64_t block = 32; block < 36; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
}

TEST_F(UnpluggerOfTree, DoesNothingWhereItShallNotOrCannotKnow)
{
	begin("[unplug]\nretry = false\n");
	ASSERT_TRUE(play(loop, {fails(33), fails(0), fails(999), over()}));
	EXPECT_EQ(writes(), Lines());
	EXPECT_EQ(unplugger->counters().asked, 1u) << "the others have no device";
}

TEST_F(UnpluggerOfTree, WhatFailsDuringAStopIsForTheNextMemhpd)
{
	begin();
	unplugger->suspend();
	ASSERT_TRUE(play(loop, {fails(33), {[this] { return engine->idle(); }}}));
	EXPECT_EQ(writes(), Lines());
	EXPECT_EQ(load_unplugs(dir.get(), file)->count("PNP0C80:01"), 1u);
}

TEST_F(UnpluggerOfTree, OneAttemptOfTheKernelIsOneRequest)
{
	begin();
	ASSERT_TRUE(play(loop, {fails(33), fails(33), fails(34),
				written("PNP0C80:01 eject 1",
					[this] {
						unplugger->failed(33); // our own eject
						removed();
					}),
				over()}));
	EXPECT_EQ(unplugger->counters().asked, 1u);
}

TEST_F(UnpluggerOfTree, BlocksThatGoMeanwhileEndIt)
{
	kernel.script(33, {"11", "vanish"});
	begin();
	ASSERT_TRUE(play(loop, {fails(33),
				written("33 offline",
					[this] {
						for (const uint64_t block : {32u, 34u, 35u})
							tree.remove(MachineTree::dir(block));
						removed();
					}),
				over()}));
	EXPECT_EQ(unplugger->counters().ejected, 1u);
}

TEST_F(UnpluggerOfTree, GoesOnWithWhatAnotherMemhpdBegan)
{
	for (uint64_t block = 32; block < 36; ++block)
		tree.write(MachineTree::dir(block) + "/state", "offline\n");
	SavedUnplug saved;
	saved.asked = Loop::now() - std::chrono::hours(1);
	const auto blocks = sysfs.scan().value();
	for (const auto &block : blocks)
		if (block.number >= 32)
			saved.taken[block.number] = {
				block.inode, block.number == 35 ? Zone::normal : Zone::movable};
	saved.taken[33].inode += 1; // another life
	begin("[online]\nfirst_scan = \"leave\"\n", {{"PNP0C80:01", saved}});
	ASSERT_TRUE(play(loop, {over()}));
	EXPECT_EQ(tree.state(32), "online") << "it is out of time";
	EXPECT_EQ(tree.state(33), "offline") << "it was not this one";
	EXPECT_EQ(tree.read(MachineTree::dir(35) + "/valid_zones"), "Normal");
}

TEST_F(UnpluggerOfTree, LeavesAloneWhatWasPluggedInInsteadMeanwhile)
{
	SavedUnplug saved;
	saved.asked = Loop::now();
	const auto blocks = sysfs.scan().value();
	for (const auto &block : blocks)
		if (block.number >= 32)
			saved.taken[block.number] = {block.inode + 1, Zone::movable};
	begin("", {{"PNP0C80:01", saved}});
	ASSERT_TRUE(play(loop, {over()}));
	EXPECT_EQ(writes(), Lines());
	EXPECT_EQ(unplugger->counters().ejected, 1u);
	EXPECT_TRUE(load_unplugs(dir.get(), file)->empty());
}

} // namespace
} // namespace memhp
