// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include <fcntl.h>

#include "request_fixture.h"
#include "system/offline/assist.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

/// The first attempts on 33 fail; node 0 has 10 huge pages, 4 of them free.
class AssistedRequest : public RequestOfTree
{
protected:
	const std::string node = "sys/devices/system/node/node0/";
	const std::string pool = node + "hugepages/hugepages-2048kB/";
	const std::string count = pool + "nr_hugepages";

	AssistedRequest()
	{
		tree.write(count, "10\n");
		tree.write(pool + "free_hugepages", "4\n");
		tree.write(node + "compact", "");
		tree.write("proc/sys/vm/drop_caches", "0");
		kernel.script(33, {"16"});
	}
};

TEST_F(AssistedRequest, FindsWhatTheMachineOffers)
{
	tree.write("sys/devices/system/node/node1/reclaim", "");
	tree.write("sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages",
		   "lots\n");
	const auto files = find_assist(sysfs.root_fd(), {0, 1, 2});
	EXPECT_EQ(files.compact, (std::map<int, std::string>{{0, node + "compact"}}));
	EXPECT_EQ(files.reclaim,
		  (std::map<int, std::string>{{1, "sys/devices/system/node/node1/reclaim"}}));
	ASSERT_EQ(files.huge_pages.size(), 1u) << "what cannot be read is not offered";
	EXPECT_EQ(files.huge_pages[0].path, count);
	EXPECT_EQ(files.huge_pages[0].count, 10u);
	EXPECT_EQ(files.huge_pages[0].free, 4u);
}

TEST_F(AssistedRequest, HelpsBetweenPassesAndRestoresTheHugePages)
{
	config.assist = {Assist::reclaim, Assist::compact, Assist::slab, Assist::hugepages};
	const auto result = report(Change::offline, {"33-34"});
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(kernel.writes(),
		  (Lines{"33 offline", "34 offline", "nr_hugepages 6", "drop_caches 3", "compact 1",
			 "33 offline", "nr_hugepages 10"}));
	EXPECT_EQ(tree.read(count), "10");
	ASSERT_EQ(lowered.size(), 3u) << "on record before, and when it is over";
	EXPECT_EQ(lowered[0].at(count).left, 10u);
	EXPECT_EQ(lowered[1].at(count).found, 10u);
	EXPECT_EQ(lowered[1].at(count).left, 6u);
	EXPECT_TRUE(lowered[2].empty());
}

TEST_F(AssistedRequest, RestoresTheHugePagesThatWentWithTheMemory)
{
	config.assist = {Assist::hugepages};
	attempted = [this] {
		if (kernel.writes().back() == "34 offline") {
			tree.write(count, "7\n");
			tree.write(pool + "free_hugepages", "1\n");
		}
	};
	report(Change::offline, {"33-34"});
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "34 offline", "nr_hugepages 6",
					  "33 offline", "nr_hugepages 10"}));
}

TEST_F(AssistedRequest, WithoutAWishForItThereIsNone)
{
	report(Change::offline, {"33-34"});
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "34 offline", "33 offline"}));
}

TEST_F(AssistedRequest, RestoresTheHugePagesWhereItFails)
{
	config.assist = {Assist::hugepages};
	request.all_or_nothing = true;
	kernel.script(33, {"16", "22"});
	const auto result = report(Change::offline, {"33-34"});
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "34 offline", "nr_hugepages 6",
					  "33 offline", "34 online_movable", "nr_hugepages 10"}))
		<< "after the memory is back";
	EXPECT_FALSE(result.complete());
}

TEST_F(AssistedRequest, LeavesANumberThatSomebodyElseHasSet)
{
	config.assist = {Assist::hugepages};
	attempted = [this] {
		if (kernel.writes().back() == "33 offline" && kernel.writes().size() > 2)
			tree.write(count, "8\n");
	};
	report(Change::offline, {"33-34"});
	EXPECT_EQ(tree.read(count), "8");
}

TEST_F(AssistedRequest, AnOnlineEndsTheHelp)
{
	config.assist = {Assist::slab};
	JobSpec online;
	online.blocks = {40};
	online.goal = 1;
	attempted = [&] {
		if (kernel.writes().size() == 2)
			engine->submit(online, {[](const Job &, const Attempted &) {},
						[](const Job &) {},
						{},
						{}});
	};
	const auto result = report(Change::offline, {"33-34"});
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(kernel.writes()[2], "40 online_movable") << "before the help, not after it";
}

TEST_F(AssistedRequest, WhatAnotherProcessLoweredIsRestored)
{
	request.target = {"34"};
	auto plan = make_plan(sysfs, request, terms_of(request, config)).value();
	plan.rearrange = {};
	plan.resumed = true;
	plan.rolling_back = true;
	plan.lowered = {{count, {20, 10}}};
	const auto result = carry_out(plan);
	EXPECT_EQ(kernel.writes(), Lines{"nr_hugepages 20"});
	EXPECT_FALSE(result.complete());
	EXPECT_EQ(tree.state(34), "online");
}

} // namespace
} // namespace memhp
