// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/state.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "system/fd.h"
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
		state.auto_online = "online_movable";
		state.blocks[1] = {11, Standing::fresh, false, Time(5), ""};
		state.blocks[2] = {UINT64_MAX, Standing::handled, true, Time(6),
				   "movable by rule 1"};
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
	EXPECT_EQ((*loaded)->auto_online, saved.auto_online);
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
	EXPECT_EQ((*loaded)->auto_online, std::nullopt);
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
		     R"({"version":2,"auto_online":null,"blocks":[]})",
		     R"({"version":"1","auto_online":null,"blocks":[]})",
		     R"({"auto_online":null,"blocks":[]})",
		     R"({"version":1,"auto_online":7,"blocks":[]})",
		     R"({"version":1,"auto_online":null})",
		     R"({"version":1,"auto_online":null,"blocks":[7]})",
		     R"({"version":1,"auto_online":null,"blocks":[{"block":1}]})",
		     "[]",
		     "7",
		     "lunch",
	     })
		EXPECT_FALSE(load(text)) << text;
	EXPECT_TRUE(load(R"({"version":1,"auto_online":null,"blocks":[]})"));
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
