// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/requests.h"

#include <fcntl.h>

#include "onliner_fixture.h"

namespace memhp
{
namespace
{

class RequestsOfTree : public OnlinerOfTree
{
protected:
	RequestsOfTree()
	{
		start();
		requests.emplace(Requests::Parts{sysfs, *engine, *onliner, config, dir, [this] {
							 events.emplace_back("save lives");
							 written = kernel.writes().size();
						 }});
	}

	ChangeRequest request(Change change, const std::string &target) const
	{
		ChangeRequest request;
		request.change = change;
		request.target = {target};
		return request;
	}

	ConfigFile config{"", false};
	Fd dir = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());
	std::optional<Requests> requests;
	Lines events;
	size_t written = 0; ///< writes at that time
};

TEST_F(RequestsOfTree, AnOfflineIsBegunWithTheLivesOfTheBlocksOnRecord)
{
	size_t before = 0;
	const auto offline = [&] {
		before = kernel.writes().size();
		ASSERT_TRUE(requests->begin(request(Change::offline, "33"), {}));
		EXPECT_EQ(events, Lines{"save lives"});
		EXPECT_EQ(written, before);
	};
	const auto online = [&] {
		ASSERT_TRUE(requests->begin(request(Change::online, "33"), {}));
		EXPECT_EQ(events.size(), 1u) << "nobody can take that for a wish that is over";
	};
	ASSERT_TRUE(play(loop, {onlined(4, offline),
				{[&] { return tree.state(33) == "offline"; }, online},
				{[&] { return engine->idle(); }}}));
}

TEST_F(RequestsOfTree, AnOfflineComesAfterTheOnlineThatWasAskedForBefore)
{
	bool ended = false;
	const auto both = [&] {
		ASSERT_TRUE(requests->begin(request(Change::online, "33"), {}));
		Requests::Client client;
		client.finished = [&](const Report &) { ended = true; };
		ASSERT_TRUE(requests->begin(request(Change::offline, "33"), std::move(client)));
	};
	ASSERT_TRUE(play(
		loop,
		{onlined(4,
			 [&] { ASSERT_TRUE(requests->begin(request(Change::offline, "33"), {})); }),
		 {[&] { return tree.state(33) == "offline" && requests->views().empty(); }, both},
		 {[&] { return ended && engine->idle(); }}}));
	const auto all = writes();
	ASSERT_GE(all.size(), 2u);
	EXPECT_EQ(Lines(all.end() - 2, all.end()), (Lines{"33 online_movable", "33 offline"}));
	EXPECT_EQ(tree.state(33), "offline");
}

TEST_F(RequestsOfTree, AnOfflineDoesNotCountOnWhatStandsInForAnOnlineThatFails)
{
	size_t goal = 0;
	const auto all_offline = [&] {
		for (const uint64_t block : {32, 33, 34, 35})
			if (tree.state(block) != "offline")
				return false;
		return requests->views().empty();
	};
	const auto both = [&] {
		ASSERT_TRUE(requests->begin(request(Change::online, "128M"), {}));
		ASSERT_TRUE(requests->begin(request(Change::offline, "32-35"), {}));
		goal = requests->views().back().progress.goal;
	};
	ASSERT_TRUE(play(loop, {onlined(4,
					[&] {
						ASSERT_TRUE(requests->begin(
							request(Change::offline, "32-35"), {}));
					}),
				{all_offline, both},
				{[&] { return requests->views().empty() && engine->idle(); }}}));
	EXPECT_EQ(goal, 1u);
	EXPECT_TRUE(all_offline());
}

class RequestsLeft : public RequestsOfTree
{
protected:
	/// Another memhpd has taken 32 and 33 offline of this request, and was killed.
	SavedRequest left()
	{
		SavedRequest saved;
		saved.id = 7;
		saved.plan.request = request(Change::offline, "32-35");
		saved.plan.request.all_or_nothing = true;
		const auto blocks = sysfs.scan().value();
		for (const auto &block : blocks)
			if (block.number >= 32)
				saved.plan.parts.push_back(
					{block.number, block.inode, Zone::movable, 0});
		saved.plan.goal = saved.plan.parts.size();
		saved.plan.deadline = Loop::now() + std::chrono::minutes(1);
		return saved;
	}

	void resume(const SavedRequest &saved)
	{
		ASSERT_TRUE(save_requests(dir.get(), "requests.json", {saved}));
		requests->load();
		for (const uint64_t block : {34u, 35u})
			become(block, "Movable");
		requests->resume();
	}

	static constexpr auto pool =
		"sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
};

TEST_F(RequestsLeft, ArePutBackWhereNobodyWaitsForThemAnyMore)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::leave;
	onliner->set_policy(policy);
	resume(left());
	EXPECT_EQ(requests->views().size(), 1u);
	ASSERT_TRUE(play(loop, {{[&] { return requests->views().empty(); }}}));
	EXPECT_EQ(tree.state(32), "online");
}

TEST_F(RequestsLeft, AreNotPutBackWhereWhoBeganThemGoesOn)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::leave;
	onliner->set_policy(policy);
	auto saved = left();
	saved.owned = true;
	resume(saved);
	EXPECT_TRUE(requests->views().empty());
	EXPECT_TRUE(load_requests(dir.get(), "requests.json")->empty());
	EXPECT_EQ(tree.state(32), "offline");
}

TEST_F(RequestsLeft, HavePutBackTheirHugePagesInAnyCase)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::leave;
	onliner->set_policy(policy);
	tree.write(pool, "6\n");
	auto saved = left();
	saved.owned = true;
	saved.plan.lowered = {{pool, {10, 6}}};
	resume(saved);
	ASSERT_TRUE(play(loop, {{[&] { return requests->views().empty(); }}}));
	EXPECT_EQ(tree.read(pool), "10");
	EXPECT_EQ(tree.state(32), "offline");
}

} // namespace
} // namespace memhp
