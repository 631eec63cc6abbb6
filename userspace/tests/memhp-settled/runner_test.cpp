// SPDX-License-Identifier: GPL-2.0-only
#include "memhp-settled/runner.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "program.h"
#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

using namespace std::chrono_literals;

/// A directory of programs, and one like memhpd's.
class Runner : public testing::Test
{
protected:
	Runner()
	{
		tree.make_directory("hooks");
		chmod(tree.path("hooks").c_str(), 0755);
		tree.make_directory("run");
		dir.reset(open(tree.path("run").c_str(), O_RDONLY | O_DIRECTORY));
	}

	/// A shell script; $OUT in it is a directory for what it leaves.
	void add(const std::string &name, const std::string &body,
		 const std::string &first = "#!/bin/sh\n")
	{
		tree.write("hooks/" + name, first + "OUT=" + tree.root() + "\n" + body + "\n");
		chmod(tree.path("hooks/" + name).c_str(), 0755);
	}
	void tell()
	{
		Settled settled;
		settled.before.movable = 1 << 27;
		settled.after.movable = 3 << 27;
		settled.block_size = 1 << 27;
		settled.config = "/etc/with space.toml";
		settled.directory = tree.path("hooks");
		ASSERT_TRUE(replace_file(dir.get(), settled_file, to_lines(environment(settled))));
	}
	HooksReport settled()
	{
		const auto report = run_settled(dir.get(), limits);
		EXPECT_TRUE(report) << report.error().message;
		return report.value_or(HooksReport());
	}
	/// What memhpctl status would read.
	HooksReport kept() const
	{
		return load_hooks_report(dir.get(), hooks_report_file)->value_or(HooksReport());
	}

	Tree tree;
	Fd dir;
	HookLimits limits{20s, 5s};
};

TEST_F(Runner, RunsThemInOrderWithTheTotalsInTheEnvironment)
{
	add("20-second", "echo 2 >>$OUT/order");
	add("10-first", "echo 1 >>$OUT/order; env >$OUT/env; echo $# >$OUT/count; cat >$OUT/stdin");
	ASSERT_EQ(setenv("MEMHP_MOVABLE_AFTER", "lunch", 1), 0);
	tell();
	const auto report = settled();
	unsetenv("MEMHP_MOVABLE_AFTER");
	EXPECT_TRUE(report.finished());
	EXPECT_TRUE(report.good());
	EXPECT_EQ(tree.read("order"), "1\n2");
	EXPECT_EQ(tree.read("count"), "0");
	EXPECT_EQ(tree.read("stdin"), "");
	const auto env = "\n" + tree.read("env") + "\n";
	for (const auto *line : {"MEMHP_MOVABLE_BEFORE=134217728", "MEMHP_MOVABLE_AFTER=402653184",
				 "MEMHP_ONLINE_AFTER=402653184", "MEMHP_BLOCKS_AFTER=3",
				 "MEMHP_CONFIG=/etc/with space.toml"})
		EXPECT_NE(env.find(std::string("\n") + line + "\n"), std::string::npos) << env;
	EXPECT_EQ(env.find("lunch"), std::string::npos);
	EXPECT_NE(env.find("\nPATH="), std::string::npos);
	ASSERT_EQ(kept().ended.size(), 2u);
	EXPECT_EQ(kept().ended[0].name, "10-first");
}

TEST_F(Runner, TakesTheWordAwayBeforeItRunsThem)
{
	// New word that comes in the meantime must not be lost.
	add("10-look", "ls $OUT/run >$OUT/seen; echo new >$OUT/run/settled.env");
	tell();
	EXPECT_TRUE(settled().good());
	EXPECT_EQ(tree.read("seen"), hooks_report_file);
	EXPECT_EQ(tree.read("run/settled.env"), "new");
	const auto report = run_settled(dir.get(), limits);
	EXPECT_FALSE(report) << "what came is no word";
	EXPECT_FALSE(tree.exists("run/settled.env")) << "or the unit would start for ever";
}

TEST_F(Runner, GoesOnAfterOneThatFails)
{
	add("10-fails", "exit 3");
	add("20-crashes", "kill -SEGV $$");
	add("30-no-program", "exit 0", "#!/nowhere/at/all\n");
	add("40-no-line", "", "");
	add("50-good", "touch $OUT/ran");
	tell();
	const auto report = settled();
	EXPECT_TRUE(report.finished());
	EXPECT_FALSE(report.good());
	ASSERT_EQ(report.ended.size(), 5u);
	EXPECT_EQ(describe(report.ended[0]), "exit status 3");
	EXPECT_EQ(describe(report.ended[1]), "killed by SIGSEGV");
	EXPECT_EQ(report.ended[2].number, ENOENT);
	EXPECT_EQ(report.ended[3].number, ENOEXEC);
	EXPECT_TRUE(report.ended[4].good());
	EXPECT_TRUE(tree.exists("ran"));
}

TEST_F(Runner, EndsOneThatHangsAndAllThatItStarted)
{
	limits = {300ms, 5s};
	add("10-hangs", "echo $$ >$OUT/pid; sleep 1000 & echo $! >$OUT/child; wait");
	add("20-good", "touch $OUT/ran");
	tell();
	const auto report = settled();
	ASSERT_EQ(report.ended.size(), 2u);
	EXPECT_EQ(report.ended[0].how, HookEnd::How::timed_out);
	EXPECT_GE(report.ended[0].took, 300ms);
	EXPECT_LT(report.ended[0].took, 5s) << "SIGTERM is enough";
	EXPECT_TRUE(report.ended[1].good());
	EXPECT_TRUE(tree.exists("ran"));
	EXPECT_EQ(kept().ended[0].how, HookEnd::How::timed_out);
	for (const auto *file : {"pid", "child"}) {
		const auto pid = std::stoi(tree.read(file));
		// An orphan that is dead may wait for init to notice.
		const auto stat = Tree::slurp("/proc/" + std::to_string(pid) + "/stat");
		EXPECT_TRUE(stat.empty() || stat.find(") Z ") != std::string::npos) << file;
	}
}

TEST_F(Runner, KillsOneThatTakesNoHint)
{
	limits = {200ms, 300ms};
	add("10-stubborn", "trap '' TERM; while :; do sleep 0.05; done");
	tell();
	const auto report = settled();
	ASSERT_EQ(report.ended.size(), 1u);
	EXPECT_EQ(report.ended[0].how, HookEnd::How::timed_out);
	EXPECT_GE(report.ended[0].took, 500ms);
	EXPECT_LT(report.ended[0].took, 5s);
}

TEST_F(Runner, DoesNotWaitForWhatOneLeavesRunning)
{
	add("10-leaves", "sleep 1000 & echo $! >$OUT/child");
	tell();
	const auto report = settled();
	ASSERT_EQ(report.ended.size(), 1u);
	EXPECT_TRUE(report.ended[0].good());
	const auto child = std::stoi(tree.read("child"));
	EXPECT_EQ(kill(child, SIGKILL), 0) << "it is the unit's to end";
}

TEST_F(Runner, RunsNothingWhereThereIsNothing)
{
	auto report = settled();
	EXPECT_TRUE(report.finished()) << "no word";
	EXPECT_TRUE(report.good());
	tell();
	report = settled();
	EXPECT_TRUE(report.good()) << "no program";
	EXPECT_FALSE(tree.exists("run/settled.env"));
	EXPECT_FALSE(tree.exists(std::string("run/") + hooks_report_file));
	tree.remove("hooks");
	tell();
	report = settled();
	EXPECT_FALSE(report.good()) << "no directory, though somebody named it";
	EXPECT_NE(kept().problem.find(tree.path("hooks")), std::string::npos);
}

TEST_F(Runner, AsAProgram)
{
	add("10-good", "exit 0");
	tell();
	EXPECT_EQ(run(MEMHP_SETTLED, {tree.path("run")}).status, 0);
	add("20-fails", "sleep 1000");
	tell();
	ASSERT_EQ(setenv("MEMHP_HOOK_TIMEOUT", "200ms", 1), 0);
	const auto output = run(MEMHP_SETTLED, {tree.path("run")});
	EXPECT_EQ(output.status, 1);
	EXPECT_NE(output.err.find("20-fails: ended after 2"), std::string::npos) << output.err;
	tell();
	ASSERT_EQ(setenv("MEMHP_HOOK_TIMEOUT", "lunch", 1), 0);
	tree.remove("hooks/20-fails");
	const auto strange = run(MEMHP_SETTLED, {tree.path("run")});
	unsetenv("MEMHP_HOOK_TIMEOUT");
	EXPECT_EQ(strange.status, 0)
		<< "what is wrong with the limit must not keep them from running";
	EXPECT_NE(strange.err.find("MEMHP_HOOK_TIMEOUT is 'lunch'"), std::string::npos);
	EXPECT_EQ(run(MEMHP_SETTLED, {tree.path("nowhere")}).status, 1);
	EXPECT_EQ(run(MEMHP_SETTLED, {"--lunch"}).status, 2);
	EXPECT_EQ(run(MEMHP_SETTLED, {"--help"}).status, 0);
}

} // namespace
} // namespace memhp
