// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/unplugger.h"

#include <cerrno>

#include <fcntl.h>

#include "onliner_fixture.h"

namespace memhp
{
namespace
{

/// The DIMM of blocks 32 to 35 is online as movable, but for 35, which is in a kernel zone.
class UnpluggerOfTree : public OnlinerOfTree
{
protected:
	static constexpr auto file = "unplugs.json";

	UnpluggerOfTree()
	{
		for (const auto *zone : {"Movable", "Movable", "Movable", "Normal"})
			become(next_block++, zone);
		tree.add_eject("PNP0C80:01");
	}

	void begin(const std::string &text = "", const SavedUnplugs &saved = {})
	{
		tree.write("memhpd.toml", text);
		config.emplace(tree.path("memhpd.toml"), true);
		ASSERT_TRUE(config->mistakes().empty()) << config->mistakes()[0];
		start(config->config().online);
		requests.emplace(Requests::Parts{sysfs, *engine, *onliner, *config, dir});
		ASSERT_TRUE(save_unplugs(dir.get(), file, saved));
		unplugger.emplace(Unplugger::Parts{loop, sysfs, *engine, *requests, *config, dir},
				  [this] {
					  ++drains;
					  on_record = load_unplugs(dir.get(), file).value();
				  });
		unplugger->resume();
	}

	/// The uevents of an eject that went well.
	void removed()
	{
		for (uint64_t block = 32; block < 36; ++block)
			unplugger->on_uevent({Uevent::Action::remove, block});
	}

	Scene fails(uint64_t block)
	{
		return {[] { return true; }, [this, block] { unplugger->failed(block); }};
	}
	Scene written(
		const std::string &line, std::function<void()> then = [] {})
	{
		return {[this, line] {
				const auto lines = writes();
				return std::find(lines.begin(), lines.end(), line) != lines.end();
			},
			std::move(then)};
	}
	Scene over()
	{
		return {[this] { return unplugger->views().empty() && engine->idle(); }};
	}

	uint64_t next_block = 32;
	Fd dir = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());
	std::optional<ConfigFile> config;
	std::optional<Requests> requests;
	std::optional<Unplugger> unplugger;
	SavedUnplugs on_record; ///< when the kernel's own attempt had ended
	int drains = 0;
};

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
