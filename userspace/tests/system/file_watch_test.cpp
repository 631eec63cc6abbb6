// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/file_watch.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{
namespace
{

class Watched : public testing::Test
{
protected:
	Watched()
	{
		tree.write("a", "1");
		tree.write("b", "1");
	}

	Tree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
	Loop loop;
	int calls = 0;
};

TEST_F(Watched, TellsOfWritesToItsFilesOnly)
{
	auto watch = FileWatch::open(loop, [this] { ++calls; });
	ASSERT_TRUE(watch) << watch.error().message;
	ASSERT_TRUE(watch->add(root.get(), "a"));
	tree.write("b", "2");
	ASSERT_TRUE(play(loop, {{[] { return true; },
				 [&] {
					 EXPECT_EQ(calls, 0) << "not watched";
					 EXPECT_EQ(tree.read("a"), "1") << "reading is no change";
					 tree.write("a", "2");
				 }},
				{[&] { return calls == 1; }, [&] { tree.write("a", "3"); }},
				{[&] { return calls == 2; }}}));
}

TEST_F(Watched, AMissingFileIsAFailure)
{
	auto watch = FileWatch::open(loop, [] {});
	ASSERT_TRUE(watch);
	const auto added = watch->add(root.get(), "c");
	ASSERT_FALSE(added);
	EXPECT_EQ(added.error().code, std::errc::no_such_file_or_directory);
}

} // namespace
} // namespace memhp
