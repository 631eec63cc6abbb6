// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/gathering.h"

#include <algorithm>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

using Step = Gathering::Step;
using Texts = std::vector<std::string>;

std::string text(const Block &block)
{
	return std::to_string(block.number) + (block.state == BlockState::online ? "+" : "-") +
	       std::to_string(block.inode);
}

/// A machine that something happens to while it is being looked at, and who looks.
struct Machine {
	std::map<uint64_t, Block> blocks;
	std::vector<uint64_t> events; ///< sent and not delivered yet
	bool dropped = false;	      ///< some were not even sent
	Gathering gathering;
	size_t at_a_time = 1;

	Machine()
	{
		for (const uint64_t number : {1, 2, 4, 5, 7})
			put(number % 2 ? online_block(number) : offline_block(number));
	}

	void put(Block block) { blocks[block.number] = std::move(block); }
	Texts texts() const
	{
		Texts texts;
		for (const auto &[number, block] : blocks)
			texts.push_back(text(block));
		return texts;
	}

	void deliver()
	{
		if (std::exchange(dropped, false))
			gathering.lost();
		for (const auto number : std::exchange(events, {}))
			gathering.touched(number);
	}

	/// One turn of the loop.
	void turn()
	{
		switch (gathering.step()) {
		case Step::list: {
			std::vector<ListedBlock> listed;
			for (const auto &[number, block] : blocks)
				listed.push_back({number, block.inode, true, block.node});
			gathering.listed(std::move(listed));
			return;
		}
		case Step::read:
			for (const auto &listed : gathering.to_read(at_a_time)) {
				const auto found = blocks.find(listed.number);
				if (found == blocks.end())
					continue;
				auto block = found->second;
				block.inode = listed.inode; // of the list, which may be old
				gathering.read(std::move(block));
			}
			return;
		case Step::again:
			deliver();
			if (gathering.step() != Step::again)
				return;
			for (const auto number : gathering.to_read_again(at_a_time)) {
				const auto found = blocks.find(number);
				gathering.read_again(number,
						     found == blocks.end()
							     ? std::nullopt
							     : std::optional(found->second));
			}
			return;
		case Step::ready:
			return;
		}
	}

	Texts gathered()
	{
		Texts texts;
		for (const auto &block : gathering.take())
			texts.push_back(text(block));
		return texts;
	}
};

/// What may happen, with the numbers of the events that tell of it.
struct Happening {
	const char *name;
	std::function<void(Machine &)> happen;
	std::vector<uint64_t> events;
};

const std::vector<Happening> happenings = {
	{"nothing", [](Machine &) {}, {}},
	{"the first goes offline", [](Machine &m) { m.put(offline_block(1)); }, {1}},
	{"the last goes offline", [](Machine &m) { m.put(offline_block(7)); }, {7}},
	{"one comes online", [](Machine &m) { m.put(online_block(4)); }, {4}},
	{"there and back", [](Machine &) {}, {2, 2}},
	{"the first goes", [](Machine &m) { m.blocks.erase(1); }, {1}},
	{"one goes", [](Machine &m) { m.blocks.erase(4); }, {4}},
	{"the last goes", [](Machine &m) { m.blocks.erase(7); }, {7}},
	{"one comes below all", [](Machine &m) { m.put(offline_block(0)); }, {0}},
	{"one comes between", [](Machine &m) { m.put(offline_block(3)); }, {3}},
	{"some come above all",
	 [](Machine &m) {
		 m.put(offline_block(8));
		 m.put(offline_block(9));
	 },
	 {8, 9}},
	{"another life",
	 [](Machine &m) {
		 m.put(offline_block(5));
		 m.blocks[5].inode = 9999;
	 },
	 {5, 5, 5}},
	{"one comes and goes", [](Machine &) {}, {6, 6}},
	{"all go", [](Machine &m) { m.blocks.clear(); }, {1, 2, 4, 5, 7}},
};

/// Whatever happens between whichever turns, however large these are, and whether its events come
/// at once or with the last chance: what is gathered is the machine as it is at the end.
TEST(Gathering, LosesNothingThatHappensMeanwhile)
{
	for (const auto &one : happenings)
		for (const size_t at_a_time : {1, 2, 3, 100})
			for (int when = 0; when < 10; ++when)
				for (const bool at_once : {false, true}) {
					Machine machine;
					machine.at_a_time = at_a_time;
					int turns = 0;
					for (; machine.gathering.step() != Step::ready; ++turns) {
						ASSERT_LT(turns, 30) << one.name;
						if (turns == when) {
							one.happen(machine);
							machine.events = one.events;
							if (at_once)
								machine.deliver();
						}
						machine.turn();
					}
					EXPECT_EQ(machine.gathered(), turns > when
									      ? machine.texts()
									      : Machine().texts())
						<< one.name << ", " << at_a_time << " at a time, "
						<< when << ", at once " << at_once;
				}
}

TEST(Gathering, BeginsAnewWhereEventsWereLost)
{
	for (const auto &one : happenings)
		for (int when = 0; when < 8; ++when) {
			Machine machine;
			for (int turns = 0; machine.gathering.step() != Step::ready; ++turns) {
				ASSERT_LT(turns, 30) << one.name;
				if (turns == when) {
					one.happen(machine);
					machine.dropped = true;
				}
				machine.turn();
			}
			EXPECT_EQ(machine.gathered(),
				  machine.dropped ? Machine().texts() : machine.texts())
				<< one.name << ", " << when;
			EXPECT_FALSE(machine.gathering.at_once()) << "only once";
		}
}

TEST(Gathering, AsksForAllAtOnceWhereEventsAreLostAgain)
{
	Gathering gathering;
	EXPECT_FALSE(gathering.at_once());
	gathering.lost();
	EXPECT_FALSE(gathering.at_once());
	gathering.listed({});
	gathering.lost();
	EXPECT_TRUE(gathering.at_once());
	EXPECT_EQ(gathering.step(), Step::list);
}

/// Nothing is decided on a part.
TEST(Gathering, IsReadyOnlyOnceTheEventsAreDeliveredAndRead)
{
	Gathering gathering;
	EXPECT_EQ(gathering.step(), Step::list);
	gathering.listed({{1, 1001, true, 0}, {2, 1002, true, 0}});
	EXPECT_EQ(gathering.step(), Step::read);
	EXPECT_EQ(gathering.to_read(1).front().number, 1u);
	gathering.read(online_block(1));
	EXPECT_EQ(gathering.step(), Step::read);
	EXPECT_EQ(gathering.to_read(5).size(), 1u);
	EXPECT_EQ(gathering.step(), Step::again) << "the last is there no more";
	gathering.touched(2);
	gathering.touched(3);
	EXPECT_EQ(gathering.to_read_again(1), (std::vector<uint64_t>{2}));
	gathering.read_again(2, offline_block(2));
	EXPECT_EQ(gathering.step(), Step::again);
	EXPECT_EQ(gathering.to_read_again(1), (std::vector<uint64_t>{3}));
	gathering.read_again(3, std::nullopt);
	EXPECT_EQ(gathering.step(), Step::ready);
	gathering.touched(3);
	EXPECT_EQ(gathering.step(), Step::again) << "an event delivered since";
	EXPECT_EQ(gathering.to_read_again(1), (std::vector<uint64_t>{3}));
	gathering.read_again(3, online_block(3));
	EXPECT_EQ(gathering.step(), Step::ready);
	std::vector<uint64_t> numbers;
	for (const auto &block : gathering.take())
		numbers.push_back(block.number);
	EXPECT_EQ(numbers, (std::vector<uint64_t>{1, 2, 3}));
}

} // namespace
} // namespace memhp
