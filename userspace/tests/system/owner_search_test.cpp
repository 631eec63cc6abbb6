// SPDX-License-Identifier: GPL-2.0-only
#include "system/explain/owners.h"

#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

constexpr uint64_t present = uint64_t{1} << 63;

/// A machine with processes that map pages.
class OwnersOfTree : public testing::Test
{
protected:
	/// Entries from `at` on in a file with one for each page.
	void entries(const std::string &file, uint64_t at, const std::vector<uint64_t> &values)
	{
		if (!tree.exists(file))
			tree.write(file, "");
		std::fstream out(tree.path(file), std::ios::in | std::ios::out | std::ios::binary);
		out.seekp(static_cast<std::streamoff>(at * sizeof(uint64_t)));
		out.write(reinterpret_cast<const char *>(values.data()),
			  static_cast<std::streamsize>(values.size() * sizeof(uint64_t)));
	}

	/// A process whose memory from address `first` on consists of `pages`.
	void process(int pid, const std::string &comm, uint64_t first,
		     const std::vector<uint64_t> &pages)
	{
		const auto dir = fmt::format("proc/{}/", pid);
		tree.write(dir + "maps", fmt::format("{:x}-{:x} rw-p 00000000 00:00 0\n", first,
						     first + pages.size() * page));
		tree.write(dir + "comm", comm + "\n");
		entries(dir + "pagemap", first / page, pages);
	}

	Owners find(std::vector<HeldPage> held = {})
	{
		return find_owners(root.get(), {{1000, 1100}}, held, std::chrono::seconds(60));
	}

	const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
	Tree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
};

TEST_F(OwnersOfTree, ThePagesOfEachProcessAreCounted)
{
	process(10, "small", 0x10000, {present | 1000, 0, 1001, present | 1100});
	process(11, "big", 0x20000, {present | 1001, present | 1099, present | 1000});
	process(12, "elsewhere", 0x10000, {present | 999});
	tree.write("proc/13/maps", "");
	tree.write("proc/self/maps", "1000-2000 rw-p 00000000 00:00 0\n");
	const auto owners = find();
	ASSERT_EQ(owners.processes.size(), 2u);
	EXPECT_EQ(owners.processes[0].pid, 11);
	EXPECT_EQ(owners.processes[0].comm, "big");
	EXPECT_EQ(owners.processes[0].pages, 3u);
	EXPECT_EQ(owners.processes[1].pages, 1u);
	EXPECT_TRUE(owners.complete);
}

TEST_F(OwnersOfTree, AHeldPageComesFirstAndByItsOwnNumber)
{
	process(10, "many", 0x10000, {present | 1000, present | 1001, present | 1002});
	process(11, "holder", 0x20000, {present | 1017});
	HeldPage held;
	held.pfn = 1016;
	held.pages = 4;
	const auto owners = find({held});
	ASSERT_EQ(owners.processes.size(), 2u);
	EXPECT_EQ(owners.processes[0].comm, "holder");
	EXPECT_EQ(owners.processes[0].held, std::vector<uint64_t>{1016});
	EXPECT_TRUE(owners.processes[1].held.empty());
}

TEST_F(OwnersOfTree, ARingNamesItsBuffers)
{
	process(10, "ring", 0x10000, {present | 1000, present | 1001});
	tree.link("proc/10/fd/3", "anon_inode:[io_uring]");
	tree.link("proc/10/fd/4", "/dev/null");
	tree.write("proc/10/fdinfo/3", "UserBufs:\t1\n    0: 0x11800/100\n");
	HeldPage first;
	first.pfn = 1000;
	HeldPage second;
	second.pfn = 1001;
	const auto owners = find({first, second});
	ASSERT_EQ(owners.processes.size(), 1u);
	EXPECT_EQ(owners.processes[0].buffers, std::vector<uint64_t>{1001})
		<< "the buffer is within a page";
	EXPECT_FALSE(owners.processes[0].vfio);
}

TEST_F(OwnersOfTree, AProcessThatLendsMemoryToADeviceIsSeen)
{
	process(10, "qemu", 0x10000, {present | 1000});
	tree.link("proc/10/fd/9", "/dev/vfio/17");
	HeldPage held;
	held.pfn = 1000;
	EXPECT_TRUE(find({held}).processes.at(0).vfio);
}

TEST_F(OwnersOfTree, WithoutTheNumbersItIsNotComplete)
{
	process(10, "hidden", 0x10000, {present});
	EXPECT_FALSE(find().complete);
}

TEST_F(OwnersOfTree, TimeBoundsIt)
{
	process(10, "one", 0x10000, {present | 1000});
	const auto owners = find_owners(root.get(), {{1000, 1100}}, {}, Time(0));
	EXPECT_FALSE(owners.complete);
	EXPECT_TRUE(owners.processes.empty());
}

TEST_F(OwnersOfTree, ALargeAreaTakesSeveralSteps)
{
	// Four GiB, as a file with a hole.
	const uint64_t pages = 1 << 20;
	tree.write("proc/10/maps", fmt::format("0-{:x} rw-p 00000000 00:00 0\n", pages * page));
	entries("proc/10/pagemap", pages - 1, {present | 1000});
	OwnerSearch search(root.get(), {{1000, 1100}}, {}, std::chrono::seconds(60));
	size_t steps = 0;
	while (search.step())
		++steps;
	EXPECT_GT(steps, 3u);
	EXPECT_EQ(search.take().processes.size(), 1u);
}

TEST_F(OwnersOfTree, AHeldPageIsCompletedFromTheKernelsTables)
{
	constexpr uint64_t head = uint64_t{1} << 15;
	constexpr uint64_t tail = uint64_t{1} << 16;
	entries("proc/kpageflags", 1000, {head, tail, tail, tail, head, 0, 0});
	entries("proc/kpagecount", 1000, {3, 0, 0, 0, 1, 0, 0});
	std::vector<HeldPage> held(2);
	held[0].pfn = 1000;
	held[1].pfn = 1005;
	complete(root.get(), held);
	EXPECT_EQ(held[0].pages, 4u);
	EXPECT_EQ(held[0].mapcount, 3u);
	EXPECT_EQ(held[1].pages, 1u);
	EXPECT_EQ(held[1].mapcount, 0u);
}

TEST_F(OwnersOfTree, ControlGroupsAreFoundByTheirInode)
{
	tree.write("sys/fs/cgroup/cgroup.procs", "");
	tree.write("sys/fs/cgroup/system.slice/web.service/cgroup.procs", "");
	struct stat status;
	ASSERT_EQ(stat(tree.path("sys/fs/cgroup/system.slice/web.service").c_str(), &status), 0);
	const uint64_t web = status.st_ino;
	ASSERT_EQ(stat(tree.path("sys/fs/cgroup").c_str(), &status), 0);
	entries("proc/kpagecgroup", 1000, {status.st_ino, web, web, 0, 4});
	HeldPage held;
	held.pfn = 1004;
	const auto uses = find_cgroups(root.get(), {{1000, 1005}}, {held});
	ASSERT_EQ(uses.size(), 3u);
	EXPECT_EQ(uses[0].path, "?") << "gone, but it has the held page";
	EXPECT_EQ(uses[0].held, std::vector<uint64_t>{1004});
	EXPECT_EQ(uses[1].path, "/system.slice/web.service");
	EXPECT_EQ(uses[1].pages, 2u);
	EXPECT_EQ(uses[2].path, "/");
	EXPECT_TRUE(find_cgroups(root.get(), {{2000, 2001}}, {}).empty());
}

} // namespace
} // namespace memhp
