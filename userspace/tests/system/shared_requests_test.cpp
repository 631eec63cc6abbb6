// SPDX-License-Identifier: GPL-2.0-only
// Requests about the same blocks.
#include "request_fixture.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

class SharedRequests : public RequestOfTree
{
protected:
	struct One {
		Plan plan;
		RequestCallbacks callbacks = {};
		std::optional<Report> report = {};
		Engine::JobId job = 0;
	};

	Plan plan(std::vector<std::string> target)
	{
		request.target = std::move(target);
		return make_plan(sysfs, request, terms_of(request, config), shared->returning())
			.value();
	}

	void begin(One &one)
	{
		one.callbacks.finished = [&one](const Report &report) { one.report = report; };
		one.job = start(*engine, sysfs, one.plan, one.callbacks, {shared, next_id++});
	}

	bool all_ended(const std::vector<const One *> &requests)
	{
		return play(loop, {{[&] {
				    return std::all_of(
					    requests.begin(), requests.end(),
					    [](const One *one) { return one->report.has_value(); });
			    }}});
	}

	std::shared_ptr<SharedBlocks> shared = std::make_shared<SharedBlocks>();
	SharedBlocks::Id next_id = 1;
};

TEST_F(SharedRequests, WhatAnotherCountsOnIsNotPutBack)
{
	request.all_or_nothing = true;
	kernel.script(35, {"22"}); // the first cannot be done
	One first{plan({"33-35"})};
	One second{plan({"32-33"})};
	first.callbacks.attempted = [&](Change, const Attempted &one) {
		// The other finds 33 as it wants it before this one gives up.
		if (one.block == 33)
			begin(second);
	};
	kernel.script(32, {"16", "16", "16", "16", "ok"});
	request.deadline = Time(5000);
	begin(first);
	ASSERT_TRUE(all_ended({&first, &second}));
	EXPECT_FALSE(first.report->complete());
	EXPECT_TRUE(second.report->complete());
	EXPECT_EQ(tree.state(33), "offline") << "the other was told so";
	EXPECT_EQ(tree.state(34), "online");
}

TEST_F(SharedRequests, TheLastToFailPutsAllBackIntoItsZone)
{
	request.all_or_nothing = true;
	One first{plan({"33-34"})};
	One second{plan({"33", "35"})};
	One third{plan({"33", "0"})};
	// Each finds 33 offline, and waits for a block that does not go; they end in their order.
	for (const uint64_t block : {34u, 35u, 0u})
		kernel.script(block, {"hang", "hang", "hang", "hang", "hang", "hang"});
	for (auto *one : {&first, &second, &third})
		one->plan.terms.attempt_deadline = Time(20);
	size_t begun = 1;
	first.callbacks.attempted = [&](Change, const Attempted &one) {
		if (one.block == 34 && std::exchange(begun, 3) == 1) {
			begin(second);
			begin(third);
		}
	};
	const auto found = [&](One &before) {
		return [&](Change, const Attempted &one) {
			if (one.block == 33 && one.outcome.reached)
				engine->cancel(before.job);
		};
	};
	second.callbacks.attempted = found(first);
	third.callbacks.attempted = found(second);
	begin(first);
	ASSERT_TRUE(play(loop, {{[&] { return first.report && second.report; },
				 [&] {
					 EXPECT_EQ(tree.state(33), "offline");
					 engine->cancel(third.job);
				 }},
				{[&] { return third.report.has_value(); }}}));
	EXPECT_EQ(first.report->left_to_others, Numbers{33});
	EXPECT_TRUE(first.report->done.empty());
	EXPECT_TRUE(first.report->rolled_back.empty());
	EXPECT_EQ(second.report->left_to_others, Numbers{33});
	EXPECT_EQ(third.report->rolled_back, Numbers{33});
	EXPECT_EQ(tree.read(MachineTree::dir(33) + "/valid_zones"), "Movable");
}

TEST_F(SharedRequests, OneThatFoundAllOfItDoneKeepsIt)
{
	request.all_or_nothing = true;
	kernel.script(35, {"hang", "hang", "hang"});
	One first{plan({"33", "35"})};
	std::optional<One> second;
	first.callbacks.attempted = [&](Change, const Attempted &one) {
		if (one.block != 33 || second)
			return;
		second.emplace(One{plan({"33"})}); // it is offline by now
		begin(*second);
	};
	begin(first);
	ASSERT_TRUE(play(loop, {{[&] { return second && second->report; },
				 [&] { engine->cancel(first.job); }},
				{[&] { return first.report.has_value(); }}}));
	EXPECT_EQ(second->report->already, Numbers{33});
	EXPECT_TRUE(second->report->complete());
	EXPECT_TRUE(first.report->rolled_back.empty());
	EXPECT_EQ(tree.state(33), "offline");
}

TEST_F(SharedRequests, WhatIsOnItsWayBackIsNotThereYet)
{
	request.all_or_nothing = true;
	kernel.script(34, {"22"});
	kernel.script(35, {"ok", "16", "ok"}); // back at the second attempt
	config.backoff.initial = Time(50);
	One first{plan({"33", "35", "34"})};
	std::optional<One> second;
	first.callbacks.attempted = [&](Change change, const Attempted &one) {
		if (change == Change::offline || one.block != 35 || second)
			return;
		EXPECT_EQ(tree.state(35), "offline");
		second.emplace(One{plan({"35"})});
		ASSERT_EQ(second->plan.goal, 1u) << "to be done, and not done before";
		EXPECT_EQ(second->plan.parts[0].zone, Zone::movable);
	};
	begin(first);
	ASSERT_TRUE(all_ended({&first}));
	EXPECT_TRUE(second);
	EXPECT_EQ(tree.state(35), "online");
}

TEST_F(SharedRequests, ARecordIsGoneOnWith)
{
	request.all_or_nothing = true;
	One one{plan({"33-35"})};
	// As after a crash: another had ended with 34, and had left 40 to this one.
	one.plan.resumed = true;
	one.plan.rearrange = {};
	one.plan.rolling_back = true;
	for (const uint64_t block : {33u, 34u})
		tree.write(MachineTree::dir(block) + "/state", "offline\n");
	one.plan.shared.kept = {34};
	const auto blocks = sysfs.scan().value();
	for (const auto &block : blocks)
		if (block.number == 40 || block.number == 41)
			one.plan.shared.owed[block.number] = {block.inode, Zone::normal};
	++one.plan.shared.owed.at(41).inode; // another life
	begin(one);
	ASSERT_TRUE(all_ended({&one}));
	EXPECT_EQ(one.report->rolled_back, (Numbers{33, 40}));
	EXPECT_EQ(tree.state(34), "offline");
	EXPECT_EQ(tree.read(MachineTree::dir(40) + "/valid_zones"), "Normal");
	EXPECT_EQ(tree.state(41), "offline");
}

} // namespace
} // namespace memhp
