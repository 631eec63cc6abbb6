// SPDX-License-Identifier: GPL-2.0-only
#include "engine_fixture.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

TEST_F(EngineOfTree, HoldsAnOfflineBackWhileMemoryIsShortAndSaysSoOnce)
{
	auto held = spec(Change::offline, {33, 34});
	held.limits.emplace();
	tree.set_available(uint64_t{6} << 30);
	submit(held);
	submit(spec(Change::online, {40}));
	const auto kernel_writes = [this](size_t count) {
		return [this, count] { return kernel.writes().size() == count; };
	};
	ASSERT_TRUE(play(loop, {{[this] { return holds.size() == 1; }},
				{kernel_writes(1),
				 [this] {
					 EXPECT_EQ(kernel.writes(), Lines{"40 online_movable"});
					 tree.set_available(uint64_t{60} << 30);
				 }},
				after(2),
				idle()}));
	EXPECT_EQ(kernel.writes(), (Lines{"40 online_movable", "33 offline", "34 offline"}));
	EXPECT_EQ(holds, (Lines{"5.9G would stay available without the next block, min_free asks "
				"for 6.4G",
				"goes on"}));
	EXPECT_EQ(finished[1].failed_attempts(), 0u);
}

TEST_F(EngineOfTree, HoldsAnOfflineBackUnderPressure)
{
	auto held = spec(Change::offline, {33});
	held.limits.emplace();
	tree.set_pressure("45.50");
	submit(held);
	submit(spec(Change::offline, {34}));
	ASSERT_TRUE(play(loop, {after(1),
				{[this] { return holds.size() == 1; },
				 [this] { tree.set_pressure("3.00"); }},
				after(2)}));
	EXPECT_EQ(kernel.writes(), (Lines{"34 offline", "33 offline"}))
		<< "a request without limits is not held back";
	EXPECT_EQ(holds[0], "memory pressure is 46 %, max_pressure 20 %");
}

TEST_F(EngineOfTree, LooksAgainBeforeMoreGoesThanThereWasRoomFor)
{
	const auto size = sysfs.block_size();
	auto held = spec(Change::offline, {32, 33, 34, 35});
	held.limits.emplace();
	held.limits->min_free = {false, uint64_t{4} << 30};
	tree.set_available((uint64_t{4} << 30) + 2 * size);
	std::vector<size_t> written;
	Engine::Callbacks callbacks;
	callbacks.attempted = [&](const Job &, const Attempted &) {
		written.push_back(kernel.writes().size());
		tree.set_available(uint64_t{4} << 30);
	};
	callbacks.held = [this](const Job &) { holds.push_back("held"); };
	callbacks.finished = [this](const Job &job) { finished.push_back(job); };
	const auto id = engine->submit(held, std::move(callbacks));
	ASSERT_TRUE(play(loop, {{[this] { return holds.size() == 1; }, [&] { engine->cancel(id); }},
				after(1)}));
	EXPECT_EQ(written, (std::vector<size_t>{2, 2}));
}

TEST_F(EngineOfTree, TellsOfEachBlockBeforeTheNextWhereThatIsAskedFor)
{
	auto job = spec(Change::offline, {33, 34});
	job.one_by_one = true;
	std::vector<size_t> written;
	Engine::Callbacks callbacks;
	callbacks.attempted = [&](const Job &, const Attempted &) {
		written.push_back(kernel.writes().size());
	};
	callbacks.finished = [this](const Job &done) { finished.push_back(done); };
	engine->submit(job, std::move(callbacks));
	ASSERT_TRUE(play(loop, {after(1)}));
	EXPECT_EQ(written, (std::vector<size_t>{1, 2}));
}

TEST_F(EngineOfTree, TakesNothingOfflineWhereItCannotSeeTheMemory)
{
	auto held = spec(Change::offline, {33});
	held.limits.emplace();
	tree.remove("proc/meminfo");
	const auto id = submit(held);
	ASSERT_TRUE(play(loop, {{[this] { return holds.size() == 1; }, [&] { engine->cancel(id); }},
				after(1)}));
	EXPECT_TRUE(kernel.writes().empty());
	EXPECT_NE(holds[0].find("cannot be read"), std::string::npos) << holds[0];
}

TEST_F(EngineOfTree, DoesNotWaitForWhatIsOfflineOrGoneByNow)
{
	auto held = spec(Change::offline, {33, 34});
	held.limits.emplace();
	tree.set_available(0);
	submit(held);
	ASSERT_TRUE(play(loop, {{[this] { return holds.size() == 1; },
				 [this] {
					 tree.write(MachineTree::dir(33) + "/state", "offline\n");
					 tree.remove(MachineTree::dir(34));
				 }},
				after(1)}));
	EXPECT_TRUE(kernel.writes().empty());
	EXPECT_EQ(finished[0].missing(), 0u);
	EXPECT_FALSE(finished[0].timed_out());
}

} // namespace
} // namespace memhp
