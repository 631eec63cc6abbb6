// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/state.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

using Standing = Ledger::Standing;

class StateFile : public testing::Test
{
protected:
	StateFile() : dir(open(tree.root().c_str(), O_RDONLY | O_DIRECTORY)) {}

	Result<std::optional<SavedState>> load() const { return load_state(dir.get(), "state"); }
	Result<std::optional<SavedState>> load(std::string_view text) const
	{
		tree.write("state", text);
		return load();
	}

	static SavedState example()
	{
		SavedState state;
		state.settings[KernelSetting::auto_online_blocks] = {"online_movable", {"offline"}};
		state.settings[KernelSetting::auto_movable_ratio] = {"301", {"1600", "400"}};
		state.dax["dax0.0"] = OnlineType::kernel;
		state.moving = {{2, UINT64_MAX}, {300, 13}};
		state.blocks[1] = {11, Standing::fresh, false, Time(5), ""};
		state.blocks[2] = {UINT64_MAX, Standing::handled,   true,
				   Time(6),    "movable by rule 1", Ledger::Chooser::request};
		state.blocks[300] = {13, Standing::deliberate, false, Time(7), ""};
		return state;
	}

	Tree tree;
	Fd dir;
};

TEST_F(StateFile, SurvivesTheWayThere)
{
	const auto saved = example();
	ASSERT_TRUE(save_state(dir.get(), "state", saved));
	const auto loaded = load();
	ASSERT_TRUE(loaded) << loaded.error().message;
	ASSERT_TRUE(*loaded);
	ASSERT_EQ((*loaded)->settings.size(), saved.settings.size());
	for (const auto &[setting, held] : saved.settings) {
		EXPECT_EQ((*loaded)->settings.at(setting).found, held.found);
		EXPECT_EQ((*loaded)->settings.at(setting).ours, held.ours);
	}
	EXPECT_EQ((*loaded)->dax, saved.dax);
	EXPECT_EQ((*loaded)->moving, saved.moving);
	EXPECT_EQ((*loaded)->blocks.at(2).zone_by, Ledger::Chooser::request);
	EXPECT_EQ((*loaded)->blocks.at(1).zone_by, Ledger::Chooser::nobody);
	ASSERT_EQ((*loaded)->blocks.size(), saved.blocks.size());
	for (const auto &[number, entry] : saved.blocks) {
		const auto &other = (*loaded)->blocks.at(number);
		EXPECT_EQ(other.inode, entry.inode) << number;
		EXPECT_EQ(other.standing, entry.standing) << number;
		EXPECT_EQ(other.online, entry.online) << number;
		EXPECT_EQ(other.since, entry.since) << number;
		EXPECT_EQ(other.why, entry.why) << number;
	}
}

TEST_F(StateFile, AnEmptyStateSurvivesToo)
{
	ASSERT_TRUE(save_state(dir.get(), "state", {}));
	const auto loaded = load();
	ASSERT_TRUE(loaded && *loaded);
	EXPECT_TRUE((*loaded)->settings.empty());
	EXPECT_TRUE((*loaded)->blocks.empty());
}

TEST_F(StateFile, AMissingFileIsNoFailure)
{
	const auto loaded = load();
	ASSERT_TRUE(loaded);
	EXPECT_FALSE(*loaded);
}

TEST_F(StateFile, ATruncatedFileIsAFailureWhereverItEnds)
{
	ASSERT_TRUE(save_state(dir.get(), "state", example()));
	const auto text = tree.read("state");
	for (size_t length = 0; length < text.size(); ++length)
		EXPECT_FALSE(load(text.substr(0, length))) << length;
}

TEST_F(StateFile, AnotherVersionOrOtherContentIsAFailure)
{
	for (const auto *text : {
		     R"({"version":1,"settings":[],"blocks":[],"dax":[]})",
		     R"({"version":3,"settings":[],"blocks":[],"dax":[]})",
		     R"({"version":"2","settings":[],"blocks":[],"dax":[]})",
		     R"({"settings":[],"blocks":[],"dax":[]})",
		     R"({"version":2,"settings":7,"blocks":[],"dax":[]})",
		     R"({"version":2,"settings":[{"setting":"lunch","found":"a","ours":[]}],
			 "blocks":[],"dax":[]})",
		     R"({"version":2,"settings":[{"setting":"online_policy"}],"blocks":[],
			 "dax":[]})",
		     R"({"version":2,"settings":[],"dax":[]})",
		     R"({"version":2,"settings":[],"blocks":[7],"dax":[]})",
		     R"({"version":2,"settings":[],"blocks":[{"block":1}],"dax":[]})",
		     R"({"version":2,"settings":[],"blocks":[]})",
		     R"({"version":2,"settings":[],"blocks":[],
			 "dax":[{"device":"dax0.0","type":"offline"}]})",
		     "[]",
		     "7",
		     "lunch",
	     })
		EXPECT_FALSE(load(text)) << text;
	EXPECT_TRUE(load(R"({"version":2,"settings":[],"blocks":[],"dax":[]})"));
}

TEST_F(StateFile, IsReplacedAsAWhole)
{
	ASSERT_TRUE(save_state(dir.get(), "state", example()));
	// Not written over: a reader keeps the old file, which has no name any more.
	const Fd old(open(tree.path("state").c_str(), O_RDONLY));
	const auto before = tree.read("state");
	ASSERT_TRUE(save_state(dir.get(), "state", {}));
	struct stat status;
	ASSERT_EQ(fstat(old.get(), &status), 0);
	EXPECT_EQ(status.st_nlink, 0u);
	EXPECT_NE(tree.read("state"), before);
	EXPECT_FALSE(tree.exists("state.new"));
}

TEST_F(StateFile, AFailedSaveKeepsTheOldOne)
{
	ASSERT_TRUE(save_state(dir.get(), "state", example()));
	tree.make_directory("state.new");
	EXPECT_FALSE(save_state(dir.get(), "state", {}));
	EXPECT_EQ((*load())->blocks.size(), 3u);
}

} // namespace
} // namespace memhp
