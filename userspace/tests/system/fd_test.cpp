// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/fd.h"

#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

TEST(ReadFile, DoesNotWaitAtAFifoOfATree)
{
	const Tree tree;
	tree.make_fifo("meminfo");
	const Fd dir(open(tree.root().c_str(), O_PATH));
	const auto text = read_file(dir.get(), "meminfo");
	ASSERT_FALSE(text);
	EXPECT_EQ(text.error().message, "meminfo: it is a FIFO, and no file");
	EXPECT_FALSE(gone(text.error()));
	EXPECT_TRUE(open_at(dir.get(), "meminfo", O_RDONLY)) << "nor does opening it";
}

TEST(ReadFile, WaitsForWhatTheUserNames)
{
	const Tree tree;
	tree.make_fifo("pipe");
	std::thread writer([&] {
		const Fd end(open(tree.path("pipe").c_str(), O_WRONLY));
		EXPECT_EQ(write(end.get(), "all\n", 4), 4);
	});
	EXPECT_EQ(read_input(tree.path("pipe")).value_or(""), "all");
	writer.join();
	EXPECT_EQ(read_input(tree.path("none")).error().code, std::errc::no_such_file_or_directory);
}

class ReplaceFile : public testing::Test
{
protected:
	unsigned mode(const std::string &path) const
	{
		struct stat status;
		return stat(tree.path(path).c_str(), &status) < 0 ? 0 : status.st_mode & 07777;
	}

	Tree tree;
	Fd dir{open(tree.root().c_str(), O_RDONLY | O_DIRECTORY)};
};

TEST_F(ReplaceFile, LeavesTheNewContentAndNothingElse)
{
	ASSERT_TRUE(replace_file(dir.get(), "file", "one"));
	ASSERT_TRUE(replace_file(dir.get(), "file", "two\n"));
	EXPECT_EQ(tree.read("file"), "two");
	EXPECT_FALSE(tree.exists("file.new"));
}

TEST_F(ReplaceFile, GivesTheModeWhateverTheUmask)
{
	ASSERT_TRUE(replace_file(dir.get(), "secret", "x"));
	EXPECT_EQ(mode("secret"), 0600u);
	const auto old = umask(077);
	const auto done = replace_file(dir.get(), "public", "x", 0644);
	umask(old);
	ASSERT_TRUE(done);
	EXPECT_EQ(mode("public"), 0644u);
	ASSERT_TRUE(replace_file(dir.get(), "public", "x"));
	EXPECT_EQ(mode("public"), 0600u);
}

TEST_F(ReplaceFile, FollowsNoLinkThatLiesInTheWay)
{
	tree.write("victim", "mine");
	tree.link("file.new", "victim");
	ASSERT_TRUE(replace_file(dir.get(), "file", "new"));
	EXPECT_EQ(tree.read("victim"), "mine");
	EXPECT_EQ(tree.read("file"), "new");
	// A link in the place of the file itself is replaced, not followed.
	tree.remove("file");
	tree.link("file", "victim");
	ASSERT_TRUE(replace_file(dir.get(), "file", "newer"));
	EXPECT_EQ(tree.read("victim"), "mine");
	EXPECT_EQ(tree.read("file"), "newer");
}

TEST_F(ReplaceFile, AFailureLeavesTheOldContentAndNoRemains)
{
	tree.write("file", "old");
	tree.make_directory("file.new");
	EXPECT_FALSE(replace_file(dir.get(), "file", "new"));
	EXPECT_EQ(tree.read("file"), "old");
	tree.make_directory("directory");
	tree.write("directory/x", "");
	EXPECT_FALSE(replace_file(dir.get(), "directory", "new"));
	EXPECT_FALSE(tree.exists("directory.new"));
	EXPECT_FALSE(replace_file(dir.get(), "nowhere/file", "new"));
}

TEST(NamesIn, AreAscendingAndOfDirectoriesWhereWanted)
{
	const Tree tree;
	tree.write("dir/b", "");
	tree.write("dir/.a/x", "");
	tree.make_directory("dir/c");
	tree.link("dir/d", "c");
	const auto path = tree.path("dir");
	using Names = std::vector<std::string>;
	EXPECT_EQ(names_in(AT_FDCWD, path).value(), (Names{"b", "c", "d"}));
	EXPECT_EQ(names_in(AT_FDCWD, path, true).value(), (Names{"c"}));
	EXPECT_FALSE(names_in(AT_FDCWD, tree.path("dir/b")));
	EXPECT_FALSE(names_in(AT_FDCWD, tree.path("none")));
}

} // namespace
} // namespace memhp
