// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include "request_fixture.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;
using Numbers = std::vector<uint64_t>;

TEST_F(RequestOfTree, OfflinesItsTargetAndReportsIt)
{
	const auto result = report(Change::offline, {"32-35,40"});
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "35 offline", "34 offline", "32 offline"}));
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(result.done, (Numbers{32, 33, 34, 35}));
	EXPECT_EQ(result.already, Numbers{40});
	EXPECT_EQ(result.goal, 4u);
	EXPECT_EQ(result.block_size, uint64_t{1} << 27);
	EXPECT_TRUE(result.stayed.empty());
	ASSERT_EQ(progress.size(), 4u);
	EXPECT_EQ(progress[0].block, 33u);
	EXPECT_EQ(progress[3].done, 4u);
	EXPECT_EQ(progress[3].goal, 4u);
}

TEST_F(RequestOfTree, OnlinesIntoTheZoneAskedFor)
{
	request.type = OnlineType::kernel;
	const auto result = report(Change::online, {"40-43"});
	EXPECT_TRUE(result.complete());
	EXPECT_TRUE(result.wrong_zone.empty());
	EXPECT_EQ(kernel.writes()[0], "41 online_kernel");
}

TEST_F(RequestOfTree, ReportsBlocksThatAreOnlineInAnotherZone)
{
	request.type = OnlineType::movable;
	kernel.script(41, {"vanish"});
	// Somebody else onlines block 40 into the kernel zone between the selection and its turn.
	attempted = [&] {
		tree.write(MachineTree::dir(40) + "/state", "online");
		tree.write(MachineTree::dir(40) + "/valid_zones", "Normal");
	};
	const auto result = report(Change::online, {"40-41"});
	EXPECT_EQ(result.wrong_zone, Numbers{40});
	EXPECT_EQ(result.done, Numbers{40});
	ASSERT_EQ(result.stayed.size(), 1u) << "41 is gone and cannot be onlined";
	EXPECT_EQ(result.stayed[0].error, ENODEV);
}

TEST_F(RequestOfTree, NamesTheBlocksThatStayedAndWhy)
{
	kernel.script(33, {"22"});
	engine->set_stage_of([](uint64_t) { return "check"; });
	const auto result = report(Change::offline, {"32-35"});
	EXPECT_FALSE(result.complete());
	EXPECT_EQ(result.done, (Numbers{32, 34, 35}));
	ASSERT_EQ(result.stayed.size(), 1u);
	EXPECT_EQ(result.stayed[0].block, 33u);
	EXPECT_EQ(result.stayed[0].error, EINVAL);
	EXPECT_EQ(result.stayed[0].attempts, 1u);
	EXPECT_EQ(result.stayed[0].stage, "check");
	EXPECT_EQ(result.stayed[0].zone, "Movable");
	EXPECT_EQ(result.failed_attempts, 1u);
}

TEST_F(RequestOfTree, ABlockHeldInReserveHasNotStayed)
{
	const auto result = report(Change::offline, {"zone:movable", "128M"});
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(result.done, Numbers{35});
	EXPECT_TRUE(result.stayed.empty());
}

TEST_F(RequestOfTree, NothingToDoIsDone)
{
	const auto result = report(Change::offline, {"40-43"});
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(result.already.size(), 4u);
	EXPECT_TRUE(progress.empty());
}

TEST_F(RequestOfTree, EndsAtItsDeadline)
{
	kernel.script(33, {"hang"});
	request.deadline = Time(50);
	const auto result = report(Change::offline, {"33"});
	EXPECT_TRUE(result.timed_out);
	ASSERT_EQ(result.stayed.size(), 1u);
	EXPECT_TRUE(result.stayed[0].killed);
}

TEST_F(RequestOfTree, TellsThatItWaitsAndWhy)
{
	tree.set_available(uint64_t{1} << 30);
	request.deadline = Time(50);
	const auto result = report(Change::offline, {"33"});
	ASSERT_FALSE(progress.empty());
	EXPECT_FALSE(progress[0].block);
	EXPECT_EQ(progress[0].goal, 1u);
	EXPECT_NE(progress[0].waiting.find("min_free asks for 6.4G"), std::string::npos);
	EXPECT_TRUE(result.timed_out);
	EXPECT_FALSE(result.waiting.empty());
	EXPECT_EQ(tree.state(33), "online");
}

TEST_F(RequestOfTree, MayAskForLessThanTheConfiguration)
{
	tree.set_available(uint64_t{1} << 30);
	request.min_free = Amount{false, 0};
	const auto result = report(Change::offline, {"33"});
	EXPECT_TRUE(result.complete());
	EXPECT_TRUE(result.waiting.empty());
}

TEST(Terms, WhatTheRequestDoesNotSayIsTheConfigurations)
{
	Config::Offline config;
	config.deadline = Time(1);
	config.attempt_deadline = Time(2);
	config.limits.min_free = {false, 3};
	config.limits.max_pressure = 4;
	auto terms = terms_of({}, config);
	EXPECT_EQ(terms.deadline, Time(1));
	EXPECT_EQ(terms.attempt_deadline, Time(2));
	EXPECT_EQ(terms.limits.min_free.value, 3u);
	ChangeRequest request;
	request.deadline = Time(10);
	request.attempt_deadline = Time(20);
	request.min_free = Amount{true, 30};
	terms = terms_of(request, config);
	EXPECT_EQ(terms.deadline, Time(10));
	EXPECT_EQ(terms.attempt_deadline, Time(20));
	EXPECT_EQ(terms.limits.min_free.value, 30u);
	EXPECT_TRUE(terms.limits.min_free.percent);
	EXPECT_EQ(terms.limits.max_pressure, 4);
}

/// Block `number` in use from its first page on.
const std::vector<uint64_t> used(1024, uint64_t{1} << 5);

TEST_F(RequestOfTree, OfASizeTakesTheCheapestBlocks)
{
	tree.set_page_flags(43, 32767, {0}); // as long as the memory
	for (const uint64_t free : {0, 32, 33, 34, 35})
		tree.set_page_flags(free, 0, std::vector<uint64_t>(32768, uint64_t{1} << 10));
	tree.set_page_flags(35, 0, used);
	tree.set_page_flags(34, 0, used);
	const auto result = report(Change::offline, {"256M", "zone:movable"});
	EXPECT_EQ(result.done, (Numbers{32, 33}));
}

TEST_F(RequestOfTree, AfterAFailureTakesTheCheapestBlocks)
{
	tree.add(36, "online", "Movable");
	tree.add(37, "online", "Movable");
	tree.set_page_flags(43, 32767, {0});
	for (const uint64_t free : {0, 32, 33, 34, 35, 36, 37})
		tree.set_page_flags(free, 0, std::vector<uint64_t>(32768, uint64_t{1} << 10));
	tree.set_page_flags(37, 0, used);
	kernel.script(33, {"16"});
	report(Change::offline, {"32-37", "0"});
	// 34 makes the hole in the place of 33, 32 begins the zone, 37 is dear.
	EXPECT_EQ(kernel.writes(), (Lines{"33 offline", "34 offline", "36 offline", "35 offline",
					  "37 offline", "32 offline", "0 offline", "33 offline"}));
}

TEST_F(RequestOfTree, TakesTheNewestDeviceFirst)
{
	tree.add(36, "online", "Movable");
	for (const auto block : {32, 33, 34})
		tree.own(static_cast<uint64_t>(block), "PNP0C80:01");
	for (const auto block : {35, 36})
		tree.own(static_cast<uint64_t>(block), "PNP0C80:02");
	const std::string dir = "sys/kernel/debug/memhp/";
	tree.write(dir + "abi", "1");
	std::string lines;
	for (const auto block : {32, 33, 34, 35, 36, 40})
		lines += "block=" + std::to_string(block) +
			 " state=" + (block == 40 ? "offline" : "online") +
			 " changed_ns=" + (block > 34 ? "500" : "900") + "\n";
	tree.write(dir + "blocks", lines);
	const auto result = report(Change::offline, {"256M"});
	EXPECT_EQ(result.done, (Numbers{33, 34}));
}

TEST_F(RequestOfTree, ABadTargetIsNoPlan)
{
	for (const auto *word : {"lunch", "99", "node:7", "100G", "1K"}) {
		request.target = {word};
		EXPECT_FALSE(make_plan(sysfs, request, config)) << word;
	}
}

TEST(Reasons, ArePutTogether)
{
	std::vector<Stayed> stayed(4);
	for (size_t i = 0; i < stayed.size(); ++i)
		stayed[i].block = 30 + i;
	stayed[2].error = EBUSY;
	stayed[2].attempts = 3;
	EXPECT_EQ(reasons(stayed), (Lines{"blocks 30-31,33: not tried",
					  "block 32: Device or resource busy, 3 attempts"}));
	EXPECT_TRUE(reasons({}).empty());
}

TEST(Reason, SaysWhyABlockStayed)
{
	Stayed stayed;
	EXPECT_EQ(reason(stayed), "not tried");
	stayed.attempts = 1;
	stayed.error = EBUSY;
	stayed.stage = "isolate";
	stayed.zone = "Normal";
	EXPECT_EQ(reason(stayed),
		  "Device or resource busy (failed at stage isolate), zone Normal: the "
		  "kernel's own memory may be in it");
	stayed.killed = true;
	stayed.stage = "";
	stayed.zone = "Movable";
	EXPECT_EQ(reason(stayed), "no end within its attempt deadline: a page in it is held");
	stayed.error = ETIMEDOUT;
	EXPECT_EQ(reason(stayed), "its attempt was cut short");
}

} // namespace
} // namespace memhp
