// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/memory_view.h"

#include <functional>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "blocks.h"
#include "core/memory/device.h"
#include "core/online/ratio.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

Block in_state(uint64_t number, BlockState state, Zone zone = Zone::none)
{
	auto block = online_block(number, zone);
	block.state = state;
	return block;
}

Block of(Block block, Source source, std::string device = "")
{
	block.source = source;
	block.device = std::move(device);
	return block;
}

/// "2 online Movable boot 0 -": count, state, zone, source, node, device.
std::vector<std::string> lines(const Tally &tally)
{
	std::vector<std::string> result;
	for (const auto &[kind, count] : tally.kinds)
		result.push_back(fmt::format("{} {} {} {} {} {}", count, to_string(kind.state),
					     to_string(kind.zone), to_string(kind.source),
					     kind.node ? std::to_string(*kind.node) : "-",
					     kind.device.empty() ? "-" : kind.device));
	return result;
}

TEST(Tally, CountsWhatIsAlike)
{
	auto nowhere = offline_block(7);
	nowhere.node.reset();
	const auto tally = tally_of({of(online_block(0, Zone::normal), Source::boot),
				     of(online_block(1), Source::acpi_dimm, "PNP0C80:00"),
				     of(online_block(2), Source::acpi_dimm, "PNP0C80:00"),
				     of(online_block(3, Zone::normal), Source::boot), nowhere});
	EXPECT_EQ(lines(tally), (std::vector<std::string>{
					"1 offline none unknown - -", "2 online Normal boot 0 -",
					"2 online Movable acpi-dimm 0 PNP0C80:00"}));
	EXPECT_EQ(tally.blocks(), 5u);
	EXPECT_EQ(tally_of({}).blocks(), 0u);
}

TEST(Tally, KnowsTheLargestDeviceWithoutAName)
{
	const auto dimm = [](uint64_t number) {
		return of(online_block(number), Source::acpi_dimm, "PNP0C80:00");
	};
	const struct {
		const char *what;
		std::vector<Block> blocks;
		uint64_t largest;
	} cases[] = {
		{"none at all", {}, 0},
		{"one", {online_block(3)}, 1},
		{"a run", {online_block(3), online_block(4), online_block(5)}, 3},
		{"a gap", {online_block(3), online_block(4), online_block(6)}, 2},
		{"the second is longer", {online_block(1), online_block(3), online_block(4)}, 2},
		{"two nodes", {online_block(3), online_block(4, Zone::movable, 1)}, 1},
		{"one is offline", {online_block(3), offline_block(4)}, 1},
		{"what has a name does not count", {dimm(3), dimm(4), dimm(5), online_block(6)}, 1},
		{"and ends a run", {online_block(3), dimm(4), online_block(5)}, 1},
		{"memory of the boot",
		 {of(online_block(3), Source::boot), of(online_block(4), Source::boot)},
		 0},
		{"what can grow", {of(online_block(3), Source::hv_balloon)}, 0},
	};
	for (const auto &[what, blocks, largest] : cases)
		EXPECT_EQ(tally_of(blocks).largest_nameless, largest) << what;
}

TEST(MemoryView, IsKeptByWhatHappens)
{
	using State = BlockState;
	const struct {
		const char *what;
		std::function<void(MemoryView &)> happens;
		std::vector<std::string> lines; ///< of blocks 1 (online), 2 (offline), 40 (online)
		Numbers doubts;
	} cases[] = {
		{"nothing",
		 [](MemoryView &) {},
		 {"1 offline none unknown 0 -", "2 online Movable unknown 0 -"},
		 {}},
		{"an own online",
		 [](MemoryView &view) { view.changed(2, State::online, Zone::normal); },
		 {"1 online Normal unknown 0 -", "2 online Movable unknown 0 -"},
		 {}},
		{"an own offline",
		 [](MemoryView &view) { view.changed(1, State::offline, Zone::none); },
		 {"2 offline none unknown 0 -", "1 online Movable unknown 0 -"},
		 {}},
		{"its event comes later",
		 [](MemoryView &view) {
			 view.changed(2, State::online, Zone::normal);
			 view.went(2, State::online);
		 },
		 {"1 online Normal unknown 0 -", "2 online Movable unknown 0 -"},
		 {}},
		{"somebody's online, of which the zone is not known",
		 [](MemoryView &view) { view.went(2, State::online); },
		 {"1 online none unknown 0 -", "2 online Movable unknown 0 -"},
		 {2}},
		{"somebody's offline",
		 [](MemoryView &view) { view.went(40, State::offline); },
		 {"2 offline none unknown 0 -", "1 online Movable unknown 0 -"},
		 {}},
		{"an offline and an online",
		 [](MemoryView &view) {
			 view.went(40, State::offline);
			 view.went(40, State::online);
		 },
		 {"1 offline none unknown 0 -", "1 online none unknown 0 -",
		  "1 online Movable unknown 0 -"},
		 {40}},
		{"a look at it",
		 [](MemoryView &view) {
			 view.went(40, State::online);
			 view.found(online_block(40, Zone::normal, 1));
		 },
		 {"1 offline none unknown 0 -", "1 online Normal unknown 1 -",
		  "1 online Movable unknown 0 -"},
		 {}},
		{"a look while it changes",
		 [](MemoryView &view) { view.found(in_state(40, State::going_offline)); },
		 {"1 offline none unknown 0 -", "1 online Movable unknown 0 -",
		  "1 going-offline none unknown 0 -"},
		 {40}},
		{"a new block",
		 [](MemoryView &view) { view.appeared(41); },
		 {"1 offline none unknown - -", "1 offline none unknown 0 -",
		  "2 online Movable unknown 0 -"},
		 {41}},
		{"which gets online",
		 [](MemoryView &view) {
			 view.appeared(41);
			 view.went(41, State::online);
		 },
		 {"1 offline none unknown 0 -", "1 online none unknown - -",
		  "2 online Movable unknown 0 -"},
		 {41}},
		{"by memhpd, before its event came",
		 [](MemoryView &view) { view.changed(41, State::online, Zone::movable); },
		 {"1 offline none unknown 0 -", "1 online Movable unknown - -",
		  "2 online Movable unknown 0 -"},
		 {41}},
		{"a coldplug announces what is known",
		 [](MemoryView &view) { view.appeared(40); },
		 {"1 offline none unknown 0 -", "2 online Movable unknown 0 -"},
		 {40}},
		{"a block that goes",
		 [](MemoryView &view) { view.vanished(40); },
		 {"1 offline none unknown 0 -", "1 online Movable unknown 0 -"},
		 {}},
		{"one in doubt that goes",
		 [](MemoryView &view) {
			 view.went(2, State::online);
			 view.vanished(2);
		 },
		 {"2 online Movable unknown 0 -"},
		 {}},
		{"one that nobody knew",
		 [](MemoryView &view) { view.vanished(77); },
		 {"1 offline none unknown 0 -", "2 online Movable unknown 0 -"},
		 {}},
		{"a look at all",
		 [](MemoryView &view) {
			 view.went(2, State::online);
			 view.replace({online_block(3, Zone::normal)});
		 },
		 {"1 online Normal unknown 0 -"},
		 {}},
		{"a look at all while one changes",
		 [](MemoryView &view) {
			 view.replace({online_block(3), in_state(4, State::going_offline)});
		 },
		 {"1 online Movable unknown 0 -", "1 going-offline none unknown 0 -"},
		 {4}},
	};
	for (const auto &[what, happens, wanted, doubts] : cases) {
		MemoryView view;
		view.replace({online_block(1), offline_block(2), online_block(40)});
		happens(view);
		EXPECT_EQ(lines(view.tally()), wanted) << what;
		EXPECT_EQ(view.doubtful(100), doubts) << what;
		EXPECT_EQ(view.doubts(), doubts.size()) << what;
	}
}

TEST(MemoryView, KeepsWhereABlockCameFrom)
{
	MemoryView view;
	view.replace({of(offline_block(1), Source::acpi_dimm, "PNP0C80:00")});
	view.went(1, BlockState::online);
	view.found(online_block(1));
	EXPECT_EQ(lines(view.tally()),
		  std::vector<std::string>{"1 online Movable acpi-dimm 0 PNP0C80:00"});
}

TEST(MemoryView, NamesSomeOfMany)
{
	MemoryView view;
	view.replace({});
	for (const uint64_t block : {500, 17, 3, 16, 15})
		view.appeared(block);
	EXPECT_EQ(view.doubtful(3), (Numbers{3, 15, 16}));
	EXPECT_EQ(view.doubtful(5), (Numbers{3, 15, 16, 17, 500}));
	EXPECT_EQ(view.doubts(), 5u);
}

/// Whatever happens in whatever order: once all doubts are looked at, it is as a look at all blocks
/// would have it.
TEST(MemoryView, ComesToWhatALookAtAllBlocksTells)
{
	constexpr uint64_t blocks = 50;
	std::mt19937 random(1);
	const auto any = [&](uint64_t below) { return random() % below; };
	for (int history = 0; history < 200; ++history) {
		std::map<uint64_t, Block> machine;
		MemoryView view;
		const auto all = [&] {
			std::vector<Block> list;
			for (const auto &[number, block] : machine)
				list.push_back(block);
			return list;
		};
		for (uint64_t number = 0; number < blocks; number += 1 + any(3))
			machine[number] = any(2) ? online_block(number) : offline_block(number);
		view.replace(all());
		for (int step = 0; step < 100; ++step) {
			const auto number = any(blocks);
			const auto found = machine.find(number);
			const bool own = any(2);
			if (found == machine.end()) {
				machine[number] = offline_block(number);
				view.appeared(number);
			} else if (found->second.state == BlockState::online) {
				found->second = offline_block(number);
				own ? view.changed(number, BlockState::offline, Zone::none)
				    : view.went(number, BlockState::offline);
			} else if (any(3) == 0) {
				machine.erase(found);
				view.vanished(number);
			} else {
				const auto zone = any(2) ? Zone::movable : Zone::normal;
				found->second = online_block(number, zone);
				own ? view.changed(number, BlockState::online, zone)
				    : view.went(number, BlockState::online);
			}
		}
		for (const auto number : view.doubtful(blocks))
			view.found(machine.at(number));
		ASSERT_EQ(view.doubts(), 0u);
		ASSERT_EQ(view.blocks(), machine.size());
		ASSERT_EQ(lines(view.tally()), lines(tally_of(all()))) << history;
	}
}

} // namespace
} // namespace memhp
