// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/claims.h"

#include <chrono>

#include <fcntl.h>

#include "request_fixture.h"
#include "system/base/fd.h"
#include "system/offline/last_memory.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

class ClaimsOfTree : public testing::Test
{
protected:
	Lines read(Time patience = std::chrono::seconds(20)) const
	{
		const auto root = open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY);
		const auto found = read_claims(root->get(), patience);
		Lines lines;
		for (const auto &claim : found.claims) {
			auto line = claim.who + ":";
			for (const auto node : claim.nodes)
				line += " " + std::to_string(node);
			lines.push_back(line);
		}
		if (found.unseen > 0)
			lines.push_back(std::to_string(found.unseen) + " unseen");
		return lines;
	}

	void process(int pid, const std::string &maps, const std::string &name = "db") const
	{
		const auto dir = "proc/" + std::to_string(pid);
		tree.write(dir + "/numa_maps", maps);
		tree.write(dir + "/comm", name + "\n");
	}

	Tree tree;
};

TEST_F(ClaimsOfTree, WithoutAnythingToReadThereAreNone) { EXPECT_EQ(read(), Lines()); }

TEST_F(ClaimsOfTree, CpusetsOfVersion2ThatHaveNodesOfTheirOwn)
{
	tree.write("proc/self/mounts", "sysfs /sys sysfs rw 0 0\n"
				       "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n");
	tree.write("sys/fs/cgroup/cpuset.mems", "0-1\n");
	tree.write("sys/fs/cgroup/a.slice/cpuset.mems", "\n");
	tree.write("sys/fs/cgroup/a.slice/db.service/cpuset.mems", "1\n");
	tree.write("sys/fs/cgroup/b.slice/cgroup.procs", "\n");
	EXPECT_EQ(read(), Lines{"cpuset /sys/fs/cgroup/a.slice/db.service: 1"});
}

TEST_F(ClaimsOfTree, CpusetsOfVersion1ThatDifferFromTheOneAbove)
{
	tree.write("proc/self/mounts", "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
				       "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\n"
				       "none /dev/cpuset cpuset rw 0 0\n");
	const std::string root = "sys/fs/cgroup/cpuset";
	tree.write(root + "/cpuset.mems", "0-1\n");
	tree.write(root + "/docker/cpuset.mems", "0-1\n");
	tree.write(root + "/docker/copied/cpuset.mems", "0-1\n");
	tree.write(root + "/docker/bound/cpuset.mems", "1\n");
	tree.write("sys/fs/cgroup/memory/x/cpuset.mems", "1\n");
	tree.write("dev/cpuset/mems", "0-1\n");
	tree.write("dev/cpuset/job/mems", "0\n");
	EXPECT_EQ(read(), (Lines{"cpuset /sys/fs/cgroup/cpuset/docker/bound: 1",
				 "cpuset /dev/cpuset/job: 0"}));
}

TEST_F(ClaimsOfTree, ProcessesWithBoundMemory)
{
	process(1, "7f0000000000 default anon=1\n");
	process(22, "7f0000000000 default anon=1\n7f0000001000 bind:1 anon=1\n"
		    "7f0000002000 bind:3 anon=1\n");
	process(333, std::string(100, 'x') + "\n", "other");
	tree.write("proc/tty/driver", "");
	EXPECT_EQ(read(), Lines{"process 22 (db, bound memory): 1 3"});
}

TEST_F(ClaimsOfTree, ProcessesAreReadToTheirEnd)
{
	std::string maps;
	for (int i = 0; i < 1000; ++i)
		maps += "7f0000000000 default anon=1 N0=1 kernelpagesize_kB=4\n";
	process(22, maps + "7f0000001000 bind:2 anon=1\n");
	EXPECT_EQ(read(), Lines{"process 22 (db, bound memory): 2"});
}

TEST_F(ClaimsOfTree, WithoutTimeTheyAreCounted)
{
	process(22, "7f0000001000 bind:2 anon=1\n");
	process(23, "7f0000001000 bind:2 anon=1\n");
	EXPECT_EQ(read(Time(0)), Lines{"2 unseen"});
}

/// Node 1 has blocks 50 and 51, beside node 0.
class ClaimedRequest : public RequestOfTree
{
protected:
	ClaimedRequest()
	{
		tree.add(50, "online", "Movable", 1);
		tree.add(51, "online", "Movable", 1);
		tree.write("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
		tree.write("sys/fs/cgroup/db/cpuset.mems", "1\n");
	}

	std::string refusal(const Lines &target)
	{
		request.target = target;
		const auto plan = make_plan(sysfs, request, config);
		return plan ? "" : plan.error().message;
	}
};

TEST_F(ClaimedRequest, IsRefusedWhereItWouldTakeTheLastMemory)
{
	EXPECT_NE(refusal({"node:1"}).find("it is named by cpuset /sys/fs/cgroup/db"),
		  std::string::npos);
	EXPECT_EQ(refusal({"50"}), "");
	EXPECT_EQ(refusal({"32-35"}), "");
	request.force = true;
	EXPECT_EQ(refusal({"node:1"}), "");
	request.force = false;
	request.change = Change::online;
	EXPECT_EQ(refusal({"40-43", "50-51"}), "");
}

TEST_F(ClaimedRequest, IsLookedAtAgainBeforeTheLastBlockGoes)
{
	// Nobody names the node when the plan is made.
	tree.remove("sys/fs/cgroup/db");
	request.target = {"node:1"};
	const auto plan = make_plan(sysfs, request, config).value();
	RequestCallbacks callbacks;
	callbacks.attempted = [&](Change, const Attempted &one) {
		if (one.block != 50) // the zone's first, and so the last to go
			tree.write("sys/fs/cgroup/db/cpuset.mems", "1\n");
	};
	const auto result = carry_out(plan, callbacks);
	EXPECT_EQ(kernel.writes(), Lines{"51 offline"});
	EXPECT_EQ(result.done, std::vector<uint64_t>{51});
	ASSERT_EQ(result.stayed.size(), 1u);
	EXPECT_EQ(result.stayed[0].block, 50u);
	EXPECT_NE(reason(result.stayed[0]).find("last memory of its node"), std::string::npos);
}

TEST_F(ClaimedRequest, ByForceTheLastBlockGoesToo)
{
	request.force = true;
	EXPECT_TRUE(report(Change::offline, {"node:1"}).complete());
	EXPECT_EQ(tree.state(50), "offline");
}

TEST_F(ClaimedRequest, OthersMayHaveTakenTheRestMeanwhile)
{
	request.target = {"50"};
	request.change = Change::offline;
	const auto plan = make_plan(sysfs, request, config).value();
	tree.write(MachineTree::dir(51) + "/state", "offline\n");
	EXPECT_FALSE(carry_out(plan).complete());
	EXPECT_EQ(kernel.writes(), Lines());
}

TEST_F(ClaimedRequest, ANodeWithMoreThanAFewBlocksIsNotLookedAt)
{
	tree.write("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 8388608 kB\n");
	tree.write("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 393216 kB\n");
	const LastMemory last(sysfs, {{50, 1, Zone::movable, 1}, {32, 1, Zone::movable, 0}});
	const auto permit = last.ask(50);
	EXPECT_EQ(permit.refusal, "") << "51 is there too";
	EXPECT_EQ(permit.more, 1u) << "of node 0";
	tree.write(MachineTree::dir(51) + "/state", "offline\n");
	EXPECT_EQ(last.ask(50).refusal, "") << "the node has 64 blocks";
	tree.write("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 131072 kB\n");
	EXPECT_NE(last.ask(50).refusal.find("it is named by cpuset /sys/fs/cgroup/db"),
		  std::string::npos);
	EXPECT_EQ(last.ask(32).refusal, "");
	EXPECT_EQ(last.ask(32).more, 0u);
}

TEST_F(ClaimedRequest, ASizeIsTakenElsewhere)
{
	const auto result = report(Change::offline, {"256M"});
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(tree.state(50), "online");
	EXPECT_EQ(tree.state(51), "offline");
}

} // namespace
} // namespace memhp
