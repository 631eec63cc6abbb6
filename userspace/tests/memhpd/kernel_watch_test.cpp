// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/kernel_watch.h"

#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{
namespace
{

/// A machine whose module tells of a worker that has been at block 33 since the boot; the worker is
/// a process of this test.
class KernelWatchOfTree : public testing::Test
{
protected:
	KernelWatchOfTree()
	{
		tree.write("memhpd.toml", "");
		tree.write(dir + "abi", "1\n");
		// The record of a block is at its number.
		tree.write(dir + "pages", std::string(33, '\n') +
						  "block=33 held=1 held_first=0x108000:anon:2:1\n");
		worker = fork();
		if (worker == 0)
			for (;;)
				pause();
		tree.write(dir + "events",
			   "seq=1 boot_ns=1 event=going_offline block=33 pid=" +
				   std::to_string(worker) +
				   " comm=kworker/u4:0 work=acpi_hotplug_work_fn\n");
	}

	~KernelWatchOfTree() override
	{
		if (worker > 0)
			end(SIGKILL);
	}

	/// The signal that ended the worker, after `signal` (0: none) was sent to it.
	int end(int signal)
	{
		int status = 0;
		kill(worker, signal);
		EXPECT_EQ(waitpid(worker, &status, 0), worker);
		worker = 0;
		return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	}

	/// Until the worker is found stuck, and then until `more` holds.
	void watch(
		const std::string &abortable, std::function<bool()> more = [] { return true; })
	{
		tree.write(dir + "status", "block_size=1\nabortable=" + abortable + "\n");
		config.emplace(tree.path("memhpd.toml"), true);
		kernel.emplace(loop, root.get(), kmod, *config,
			       [this](uint64_t block) { failed.push_back(block); });
		kernel->start();
		ASSERT_TRUE(play(loop, {{[this] { return kernel->stuck().has_value(); }}, {more}}));
		EXPECT_EQ(kernel->stuck()->attempt.block, 33u);
		EXPECT_EQ(kernel->count(), 1u);
		EXPECT_TRUE(failed.empty());
	}

	const std::string dir = "sys/kernel/debug/memhp/";
	Tree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
	Kmod kmod{root.get()};
	Loop loop;
	pid_t worker = -1;
	std::optional<ConfigFile> config;
	std::optional<KernelWatch> kernel;
	std::vector<uint64_t> failed;
};

TEST_F(KernelWatchOfTree, EndsTheWorkerWhereTheModuleLetsIt)
{
	watch("1");
	EXPECT_TRUE(kernel->stuck()->signalled);
	EXPECT_EQ(end(0), SIGTERM);
}

TEST_F(KernelWatchOfTree, OnlyReportsItElsewhere)
{
	watch("0");
	EXPECT_FALSE(kernel->stuck()->signalled);
	EXPECT_EQ(waitpid(worker, nullptr, WNOHANG), 0) << "it lives";
}

TEST_F(KernelWatchOfTree, NamesTheProcessOfAHeldPage)
{
	const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
	tree.write("proc/77/maps", fmt::format("0-{:x} rw-p 00000000 00:00 0\n", page));
	tree.write("proc/77/comm", "holder\n");
	const uint64_t entry = uint64_t{1} << 63 | 0x108000;
	tree.write("proc/77/pagemap", {reinterpret_cast<const char *>(&entry), sizeof(entry)});
	watch("0", [this] { return kernel->stuck()->owners.has_value(); });
	const auto &stuck = *kernel->stuck();
	ASSERT_EQ(stuck.pages.size(), 1u);
	const auto who = culprit(stuck.pages.front(), *stuck.owners);
	EXPECT_EQ(who.pid, 77);
	EXPECT_EQ(who.comm, "holder");
}

TEST_F(KernelWatchOfTree, AWorkerThatIsGoneIsNoFailure)
{
	ASSERT_EQ(end(SIGKILL), SIGKILL);
	watch("1");
	EXPECT_FALSE(kernel->stuck()->signalled);
}

} // namespace
} // namespace memhp
