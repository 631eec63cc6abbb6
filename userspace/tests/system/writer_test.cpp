// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/writer.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{
namespace
{

constexpr Time never = std::chrono::hours(1);

/// The one child of this process; 0 for none.
pid_t child()
{
	pid_t pid = 0;
	std::ifstream("/proc/self/task/" + std::to_string(gettid()) + "/children") >> pid;
	return pid;
}

/// True when the process has ended, which it must within 20 s.
bool ended(int pidfd)
{
	pollfd exit = {pidfd, POLLIN, 0};
	return poll(&exit, 1, 20'000) == 1;
}

Fd pidfd_of(pid_t pid) { return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

class WriterOfTree : public testing::Test
{
protected:
	WriterOfTree() : root(open(tree.root().c_str(), O_PATH | O_DIRECTORY)) {}

	void write(const std::string &path, const std::string &value, Time deadline = never)
	{
		writer.write(path, value, deadline, [this](const Writer::Outcome &outcome) {
			outcomes.push_back(outcome);
		});
	}
	Scene after(
		size_t count, std::function<void()> then = [] {})
	{
		return {[this, count] { return outcomes.size() >= count; }, std::move(then)};
	}

	Tree tree;
	Fd root;
	Loop loop;
	Writer writer{loop, root.get()};
	std::vector<Writer::Outcome> outcomes;
};

TEST_F(WriterOfTree, WritesIntoAnExistingFile)
{
	tree.write("state", "online");
	write("state", "offline");
	EXPECT_TRUE(writer.busy());
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(outcomes[0].error, 0);
	EXPECT_FALSE(outcomes[0].killed);
	EXPECT_FALSE(writer.busy());
	EXPECT_EQ(tree.read("state"), "offline");
}

TEST_F(WriterOfTree, ReportsTheErrnoOfOpen)
{
	write("missing", "offline");
	ASSERT_TRUE(play(loop, {after(1, [&] { write(".", "offline"); }), after(2)}));
	EXPECT_EQ(outcomes[0].error, ENOENT);
	EXPECT_EQ(outcomes[1].error, EISDIR);
	EXPECT_FALSE(tree.exists("missing")) << "it must not create files";
}

TEST_F(WriterOfTree, ReportsTheErrnoOfWrite)
{
	tree.link("state", "/dev/full");
	write("state", "offline");
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(outcomes[0].error, ENOSPC);
}

TEST_F(WriterOfTree, OneProcessCarriesOutAllOrders)
{
	tree.write("state", "");
	const auto worker = child();
	write("state", "1");
	std::vector<Scene> scenes;
	for (size_t i = 1; i < 50; ++i)
		scenes.push_back(after(i, [&] { write("state", "1"); }));
	scenes.push_back(after(50));
	ASSERT_TRUE(play(loop, scenes));
	EXPECT_NE(worker, 0);
	EXPECT_EQ(child(), worker);
}

TEST_F(WriterOfTree, TheProcessHoldsNothingOfItsParent)
{
	tree.write("state", "");
	write("state", "1");
	std::set<std::string> names;
	ASSERT_TRUE(play(loop, {after(1, [&] {
				 const auto dir = "/proc/" + std::to_string(child()) + "/fd";
				 for (const auto &entry : std::filesystem::directory_iterator(dir))
					 names.insert(entry.path().filename().string());
			 })}));
	names.erase("0");
	names.erase("1");
	names.erase("2");
	EXPECT_EQ(names, (std::set<std::string>{"3", "4"})) << "its socket and the root";
}

/// A FIFO without a reader: open(2) for writing waits, as a write to sysfs can in the kernel.
TEST_F(WriterOfTree, AHungWriteIsKilledAtItsDeadline)
{
	tree.make_fifo("fifo");
	tree.write("state", "online");
	write("fifo", "offline", Time(20));
	ASSERT_TRUE(play(loop, {after(1, [&] { write("state", "offline"); }), after(2)}));
	EXPECT_TRUE(outcomes[0].killed);
	EXPECT_EQ(outcomes[0].error, EINTR);
	EXPECT_FALSE(writer.stuck());
	EXPECT_EQ(outcomes[1].error, 0) << "a new process carries on";
	EXPECT_FALSE(outcomes[1].killed);
	EXPECT_EQ(tree.read("state"), "offline");
}

TEST_F(WriterOfTree, EveryHungWriteIsKilledNotOnlyTheFirst)
{
	tree.make_fifo("fifo");
	const auto again = [&] { write("fifo", "offline", Time(5)); };
	again();
	ASSERT_TRUE(play(loop, {after(1, again), after(2, again), after(3, again), after(4)}));
	for (const auto &outcome : outcomes)
		EXPECT_TRUE(outcome.killed);
}

TEST_F(WriterOfTree, InterruptEndsARunningWriteOnce)
{
	tree.make_fifo("fifo");
	write("fifo", "offline");
	writer.interrupt();
	writer.interrupt();
	ASSERT_TRUE(play(loop, {after(1, [&] { writer.interrupt(); })}));
	ASSERT_EQ(outcomes.size(), 1u);
	EXPECT_TRUE(outcomes[0].killed);
}

TEST_F(WriterOfTree, InterruptWithoutAWriteDoesNothing)
{
	const auto worker = child();
	writer.interrupt();
	tree.write("state", "");
	write("state", "1");
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(outcomes[0].error, 0);
	EXPECT_EQ(child(), worker);
}

TEST_F(WriterOfTree, AProcessKilledByAnotherHandInAWriteIsReplaced)
{
	tree.make_fifo("fifo");
	tree.write("state", "online");
	write("fifo", "offline");
	kill(child(), SIGKILL);
	ASSERT_TRUE(play(loop, {after(1, [&] { write("state", "offline"); }), after(2)}));
	EXPECT_EQ(outcomes[0].error, EINTR);
	EXPECT_FALSE(outcomes[0].killed) << "not by us";
	EXPECT_EQ(outcomes[1].error, 0);
}

TEST_F(WriterOfTree, AProcessKilledWhileIdleIsReplaced)
{
	tree.write("state", "online");
	const auto first = child();
	kill(first, SIGKILL);
	const auto replaced = [&] { return child() != 0 && child() != first; };
	ASSERT_TRUE(play(loop, {{replaced, [&] { write("state", "offline"); }}, after(1)}));
	EXPECT_EQ(outcomes[0].error, 0);
	EXPECT_EQ(tree.read("state"), "offline");
}

TEST_F(WriterOfTree, AnOrderToADeadProcessIsAnswered)
{
	tree.write("state", "online");
	const auto worker = pidfd_of(child());
	kill(child(), SIGKILL);
	ASSERT_TRUE(ended(worker.get()));
	write("state", "offline");
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(outcomes[0].error, EINTR);
	EXPECT_FALSE(outcomes[0].killed);
}

TEST_F(WriterOfTree, ASignalOfTheTerminalDoesNotEndAWrite)
{
	tree.write("state", "online");
	const auto worker = child();
	const auto annoy = [&] {
		for (const auto signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
			kill(worker, signal);
		write("state", "offline");
	};
	write("state", "offline"); // answered: it is past its own first steps
	ASSERT_TRUE(play(loop, {after(1, annoy), after(2)}));
	EXPECT_EQ(outcomes[1].error, 0);
	EXPECT_EQ(child(), worker);
}

TEST_F(WriterOfTree, RefusesAPathOrValueThatDoesNotFit)
{
	write(std::string(300, 'x'), "offline");
	EXPECT_TRUE(outcomes.empty()) << "the answer comes from the loop";
	ASSERT_TRUE(
		play(loop, {after(1, [&] { write("state", std::string(100, 'x')); }), after(2)}));
	EXPECT_EQ(outcomes[0].error, ENAMETOOLONG);
	EXPECT_EQ(outcomes[1].error, ENAMETOOLONG);
}

/// Without a free descriptor no process can be started; every order is answered all the same, and
/// the next one after that succeeds.
TEST_F(WriterOfTree, SurvivesThatNoProcessCanBeStarted)
{
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
	GTEST_SKIP() << "the sanitizer needs descriptors of its own";
#endif
#endif
	tree.write("state", "online");
	rlimit before{};
	getrlimit(RLIMIT_NOFILE, &before);
	const auto limit = [&](rlim_t descriptors) {
		const rlimit now = {descriptors, before.rlim_max};
		setrlimit(RLIMIT_NOFILE, &now);
	};
	const auto first = child();
	const auto order = [&] { write("state", "offline"); };
	const auto starve = [&] {
		limit(3);
		kill(first, SIGKILL);
	};
	// The process is reaped: it is no child any more, and nobody has replaced it.
	const auto reaped = [&] { return kill(first, 0) < 0 && errno == ESRCH; };
	const bool played = play(loop, {{[] { return true; }, starve},
					{reaped,
					 [&] {
						 order();
						 writer.interrupt();
					 }},
					after(1,
					      [&] {
						      limit(before.rlim_cur);
						      order();
					      }),
					after(2)});
	limit(before.rlim_cur);
	ASSERT_TRUE(played);
	EXPECT_EQ(outcomes[0].error, EMFILE);
	EXPECT_EQ(outcomes[1].error, 0);
	EXPECT_EQ(tree.read("state"), "offline");
}

TEST(Writer, EndsItsProcessWhenItGoes)
{
	const Tree tree;
	tree.make_fifo("fifo");
	const Fd root(open(tree.root().c_str(), O_PATH | O_DIRECTORY));
	Loop loop;
	Fd worker;
	bool called = false;
	{
		Writer writer(loop, root.get());
		worker = pidfd_of(child());
		writer.write("fifo", "offline", never,
			     [&](const Writer::Outcome &) { called = true; });
	}
	EXPECT_TRUE(ended(worker.get()));
	EXPECT_EQ(child(), 0) << "reaped";
	EXPECT_FALSE(called);
}

TEST(Writer, DiesWithItsParentEvenInTheMiddleOfAWrite)
{
	const MachineTree tree;
	const FakeKernel kernel(tree);
	tree.add(7, "online", "Movable");
	kernel.script(7, {"hang"});
	int ends[2];
	ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
	const Fd in(ends[0]);
	const Fd out(ends[1]);

	const auto parent = fork();
	if (parent == 0) {
		Loop loop;
		const Fd root(open(tree.root().c_str(), O_PATH | O_DIRECTORY));
		Writer writer(loop, root.get());
		writer.write(MachineTree::dir(7) + "/state", "offline", never,
			     [](const Writer::Outcome &) {});
		while (kernel.writes().empty())
			sched_yield();
		const auto pid = child();
		if (write(out.get(), &pid, sizeof(pid)) == sizeof(pid))
			pause();
		_exit(1);
	}
	pid_t pid = 0;
	ASSERT_EQ(read(in.get(), &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
	const auto worker = pidfd_of(pid);
	ASSERT_TRUE(worker) << "the worker lives as long as its parent";
	kill(parent, SIGKILL);
	ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
	EXPECT_TRUE(ended(worker.get()));
}

} // namespace
} // namespace memhp
