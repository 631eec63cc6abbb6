// SPDX-License-Identifier: GPL-2.0-only
#include "onliner_fixture.h"

namespace memhp
{
namespace
{

/// A machine on which a look takes more than a dozen turns of the loop, and things happen between
/// them.
class OnlinerThatLooks : public OnlinerOfTree
{
protected:
	static constexpr int turns = 20;

	OnlinerThatLooks()
	{
		for (uint64_t block = 1000; block < 1400; ++block)
			tree.add(block, "online", "Normal");
	}

	/// The events of its onlining.
	void tell_of_the_dimm()
	{
		for (uint64_t block = 32; block < 36; ++block)
			uevent(Uevent::Action::online, block);
	}

	void become_offline(uint64_t block) const
	{
		tree.write(MachineTree::dir(block) + "/state", "offline\n");
		tree.write(MachineTree::dir(block) + "/valid_zones", "Movable Normal\n");
	}

	/// Each turn of a look is followed by one of these.
	void after(int turn, std::function<void()> then)
	{
		if (turn == 0) {
			then();
			return;
		}
		deferred =
			loop.defer([this, turn, then = std::move(then)] { after(turn - 1, then); });
	}

	/// Waits for the end of this check, which is in progress.
	Scene checked(std::function<void()> then = [] {})
	{
		return {[this] { return happened && onliner->counters().scans > scans; },
			std::move(then)};
	}
	/// Begins one, in the middle of which `happening` comes.
	void check(int turn, std::function<void()> happening)
	{
		scans = onliner->counters().scans;
		happened = false;
		onliner->check();
		EXPECT_EQ(onliner->counters().scans, scans) << "this is to take many turns";
		after(turn, [this, happening = std::move(happening)] {
			in_between += onliner->counters().scans == scans;
			happening();
			happened = true;
		});
	}

	Loop::Source deferred;
	uint64_t scans = 0;
	bool happened = false;
	int in_between = 0; ///< happenings that were before the end of their check
};

/// Whatever a check has read before, it does not take back what was learnt since.
TEST_F(OnlinerThatLooks, BelievesWhatHappensInTheMiddleOfACheck)
{
	start();
	std::vector<Scene> scenes = {onlined(4)};
	for (int turn = 0; turn < turns; ++turn) {
		scenes.push_back(when_idle([this, turn] {
			check(turn, [this] {
				become_offline(8);
				uevent(Uevent::Action::offline, 8);
			});
		}));
		scenes.push_back(checked([this, turn] {
			EXPECT_EQ(standing(8), Standing::deliberate) << turn;
			check(turn, [this, turn] {
				become(8, "Movable");
				Attempted attempted;
				attempted.block = 8;
				attempted.outcome.reached = true;
				attempted.zone = Zone::movable;
				turn % 2 ? uevent(Uevent::Action::online, 8)
					 : onliner->note(Change::online, attempted);
			});
		}));
		scenes.push_back(checked(
			[this, turn] { EXPECT_EQ(standing(8), Standing::handled) << turn; }));
	}
	ASSERT_TRUE(play(loop, scenes));
	EXPECT_GT(in_between, turns / 2);
	EXPECT_LT(in_between, 2 * turns) << "each turn there is was tried";
}

TEST_F(OnlinerThatLooks, OnlinesWhatComesInTheMiddleOfACheck)
{
	start();
	onliner->follow_events();
	std::vector<Scene> scenes = {onlined(4)};
	for (int turn = 0; turn < turns; turn += 2) {
		const auto block = static_cast<uint64_t>(100 + turn);
		scenes.push_back(when_idle([this, turn, block] {
			tell_of_the_dimm();
			check(turn, [this, block] {
				plug(block);
				uevent(Uevent::Action::add, block);
			});
		}));
		scenes.push_back(checked());
		scenes.push_back({[this, block] { return tree.state(block) == "online"; },
				  [this, block] { uevent(Uevent::Action::online, block); }});
	}
	ASSERT_TRUE(play(loop, scenes));
	EXPECT_EQ(onliner->counters().onlined, 4 + static_cast<uint64_t>(turns) / 2);
}

/// Without an event that says so.
TEST_F(OnlinerThatLooks, FindsWhatNoEventHasToldOf)
{
	start();
	onliner->follow_events();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([this] {
					tell_of_the_dimm();
					check(0, [] {});
				}),
				checked([this] {
					become_offline(1300);
					check(0, [] {});
				}),
				checked([this] {
					EXPECT_EQ(standing(1300), Standing::deliberate);
					plug(40);
					check(0, [] {});
				}),
				{[this] { return tree.state(40) == "online"; }}}));
}

TEST_F(OnlinerThatLooks, BeginsAnewWhereEventsAreLostInTheMiddle)
{
	start();
	onliner->follow_events();
	std::vector<Scene> scenes = {onlined(4)};
	for (int turn = 0; turn < turns; turn += 2) {
		const auto block = static_cast<uint64_t>(100 + turn);
		scenes.push_back(when_idle([this, turn, block] {
			tell_of_the_dimm();
			onliner->look(); // this is in the middle too
			check(turn, [this, block] {
				become_offline(1000 + block);
				plug(block);
				onliner->on_lost();
			});
		}));
		scenes.push_back({[this, block] {
					  return standing(1000 + block) == Standing::deliberate &&
						 tree.state(block) == "online";
				  },
				  [this, block] { uevent(Uevent::Action::online, block); }});
	}
	ASSERT_TRUE(play(loop, scenes));
	EXPECT_EQ(onliner->counters().onlined, 4 + static_cast<uint64_t>(turns) / 2);
}

TEST_F(OnlinerThatLooks, ReadsAllWhenAskedInTheMiddleOfALook)
{
	start();
	onliner->follow_events();
	ASSERT_TRUE(play(loop, {onlined(4),
				when_idle([this] {
					tell_of_the_dimm();
					onliner->look();
				}),
				when_idle([this] {
					// A round that reads one block only.
					plug(40);
					uevent(Uevent::Action::add, 40);
				}),
				{[this] { return onliner->busy(); },
				 [this] {
					 become_offline(1200);
					 onliner->look();
				 }},
				{[this] { return standing(1200) == Standing::deliberate; }}}));
}

TEST_F(OnlinerThatLooks, SavesNothingWhereNothingHasChanged)
{
	start();
	ASSERT_TRUE(play(loop, {onlined(4), when_idle([this] { check(0, [] {}); }), checked([this] {
					changes = 0;
					check(0, [] {});
				}),
				checked([this] {
					EXPECT_EQ(changes, 0);
					become_offline(1300);
					check(0, [] {});
				}),
				checked([this] { EXPECT_GT(changes, 0); })}));
}

} // namespace
} // namespace memhp
