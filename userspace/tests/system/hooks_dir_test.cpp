// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/hooks.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

using Names = std::vector<std::string>;

class HooksDirectory : public testing::Test
{
protected:
	HooksDirectory()
	{
		tree.make_directory("d");
		mode("d", 0755);
	}

	void mode(const std::string &path, mode_t bits) const
	{
		ASSERT_EQ(chmod(tree.path(path).c_str(), bits), 0);
	}
	void add(const std::string &name, mode_t bits = 0755) const
	{
		tree.write("d/" + name, "#!/bin/sh\n");
		mode("d/" + name, bits);
	}
	HookList found() const
	{
		auto hooks = find_hooks(tree.path("d"));
		EXPECT_TRUE(hooks) << hooks.error().message;
		return hooks.value_or(HookList());
	}

	Tree tree;
};

TEST_F(HooksDirectory, AreItsProgramsInTheOrderOfTheirNames)
{
	for (const auto *name : {"20-b", "10-c", "B", "100-a", "kdump.sh"})
		add(name);
	EXPECT_EQ(found().names, (Names{"10-c", "100-a", "20-b", "B", "kdump.sh"}));
	EXPECT_TRUE(found().passed_over.empty());
}

TEST_F(HooksDirectory, PassesOverWhatIsNoProgram)
{
	add("10-good");
	add("README", 0644);
	add("20-old~");
	add(".hidden");
	tree.make_directory("d/sub");
	tree.link("d/30-link", "10-good");
	tree.link("d/40-off", "/dev/null");
	tree.link("d/50-nowhere", "nowhere");
	const auto hooks = found();
	EXPECT_EQ(hooks.names, (Names{"10-good", "30-link"}));
	ASSERT_EQ(hooks.passed_over.size(), 1u);
	EXPECT_EQ(hooks.passed_over[0].name, "README");
	EXPECT_EQ(hooks.passed_over[0].reason, "it is not executable");
}

TEST_F(HooksDirectory, TrustsNothingThatOthersMayWrite)
{
	add("10-world", 0757);
	add("20-group", 0775);
	add("30-good", 0700);
	if (geteuid() == 0) {
		add("40-foreign");
		ASSERT_EQ(chown(tree.path("d/40-foreign").c_str(), 12345, 0), 0);
		ASSERT_EQ(chown(tree.path("d/20-group").c_str(), 0, 12345), 0);
		add("50-root-group", 0775);
	}
	const auto hooks = found();
	EXPECT_EQ(hooks.names,
		  geteuid() == 0 ? (Names{"30-good", "50-root-group"}) : (Names{"30-good"}));
	ASSERT_GE(hooks.passed_over.size(), 2u);
	EXPECT_NE(hooks.passed_over[0].reason.find("chmod go-w"), std::string::npos);

	mode("d", 0777);
	const auto open = find_hooks(tree.path("d"));
	ASSERT_FALSE(open);
	EXPECT_NE(open.error().message.find("others may write"), std::string::npos);
}

TEST_F(HooksDirectory, IsAFailureWhereItIsNone)
{
	ASSERT_FALSE(find_hooks(tree.path("nowhere")));
	EXPECT_EQ(find_hooks(tree.path("nowhere")).error().code,
		  std::errc::no_such_file_or_directory);
	tree.write("file", "");
	EXPECT_FALSE(find_hooks(tree.path("file")));
	EXPECT_TRUE(found().names.empty()) << "an empty one is not";
}

TEST(HookEnds, AreDescribed)
{
	const struct {
		HookEnd end;
		const char *text;
		bool good;
	} cases[] = {
		{{"a", HookEnd::How::exited, 0, {}}, "exit status 0", true},
		{{"a", HookEnd::How::exited, 3, {}}, "exit status 3", false},
		{{"a", HookEnd::How::signalled, SIGSEGV, {}}, "killed by SIGSEGV", false},
		{{"a", HookEnd::How::signalled, 99, {}}, "killed by signal 99", false},
		{{"a", HookEnd::How::timed_out, 0, std::chrono::seconds(60)},
		 "ended after 1m: it had not finished",
		 false},
		{{"a", HookEnd::How::not_started, ENOEXEC, {}},
		 "cannot be run: Exec format error (no #! line?)",
		 false},
		{{"a", HookEnd::How::not_started, EACCES, {}},
		 "cannot be run: Permission denied",
		 false},
	};
	for (const auto &[end, text, good] : cases) {
		EXPECT_EQ(describe(end), text);
		EXPECT_EQ(end.good(), good) << text;
	}
}

class HooksReportFile : public testing::Test
{
protected:
	Tree tree;
	Fd dir{open(tree.root().c_str(), O_RDONLY | O_DIRECTORY)};
};

TEST_F(HooksReportFile, SurvivesTheWayThere)
{
	HooksReport report;
	report.began = Time(12345);
	report.count = 5;
	report.ended = {{"10-a", HookEnd::How::exited, 0, Time(7)},
			{"20-b\xff", HookEnd::How::signalled, SIGKILL, Time(8)},
			{"30-c", HookEnd::How::timed_out, 0, Time(60'000)},
			{"40-d", HookEnd::How::not_started, ENOEXEC, Time(0)}};
	ASSERT_TRUE(save_hooks_report(dir.get(), report));
	struct stat status;
	ASSERT_EQ(stat(tree.path(hooks_report_file).c_str(), &status), 0);
	EXPECT_EQ(status.st_mode & 07777, 0644u) << "everybody may ask for the status";

	const auto loaded = load_hooks_report(dir.get(), hooks_report_file);
	ASSERT_TRUE(loaded) << loaded.error().message;
	ASSERT_TRUE(*loaded);
	EXPECT_EQ((*loaded)->began, report.began);
	EXPECT_EQ((*loaded)->count, 5u);
	EXPECT_FALSE((*loaded)->finished());
	EXPECT_FALSE((*loaded)->good());
	ASSERT_EQ((*loaded)->ended.size(), 4u);
	for (size_t i = 0; i < 4; ++i) {
		EXPECT_EQ((*loaded)->ended[i].how, report.ended[i].how) << i;
		EXPECT_EQ((*loaded)->ended[i].number, report.ended[i].number) << i;
		EXPECT_EQ((*loaded)->ended[i].took, report.ended[i].took) << i;
	}
	EXPECT_EQ((*loaded)->ended[2].name, "30-c");
}

TEST_F(HooksReportFile, IsGoodWhereAllEndedWell)
{
	HooksReport report;
	report.count = 1;
	report.ended = {{"10-a", HookEnd::How::exited, 0, {}}};
	EXPECT_TRUE(report.finished());
	EXPECT_TRUE(report.good());
	report.problem = "no directory";
	EXPECT_FALSE(report.good());
}

TEST_F(HooksReportFile, IsAFailureWhereItIsNone)
{
	const auto none = load_hooks_report(dir.get(), hooks_report_file);
	ASSERT_TRUE(none) << none.error().message;
	EXPECT_FALSE(*none);
	for (const auto *text :
	     {"", "lunch", "[]", R"({"began_ms":1,"count":1,"problem":""})",
	      R"({"began_ms":1,"count":1,"problem":"","ended":[{"name":"a","number":0,"took_ms":1,"how":"lunch"}]})"}) {
		tree.write(hooks_report_file, text);
		EXPECT_FALSE(load_hooks_report(dir.get(), hooks_report_file)) << text;
	}
}

} // namespace
} // namespace memhp
