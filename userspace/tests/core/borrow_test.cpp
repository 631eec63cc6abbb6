// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/borrow.h"

#include <algorithm>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

struct Zones {
	std::vector<Block> all;
	std::vector<Block> coming;

	/// Blocks first to last of a node; offline ones are coming.
	void add(uint64_t first, uint64_t last, int node, BlockState state,
		 Zone zone = Zone::movable, Source source = Source::acpi_dimm)
	{
		for (auto number = first; number <= last; ++number) {
			Block block;
			block.number = number;
			block.state = state;
			block.zone = state == BlockState::online ? zone : Zone::none;
			block.node = node;
			block.source = source;
			all.push_back(block);
			if (state == BlockState::offline)
				coming.push_back(block);
		}
	}
	uint64_t answer() const
	{
		const auto block = lender(coming, all);
		return block ? block->number : 0;
	}
};

constexpr auto online = BlockState::online;
constexpr auto offline = BlockState::offline;

struct Case {
	std::string name;
	std::function<void(Zones &)> build;
	uint64_t lender; ///< 0: none
};

class Lender : public testing::TestWithParam<Case>
{
};

TEST_P(Lender, Is)
{
	Zones zones;
	GetParam().build(zones);
	EXPECT_EQ(zones.answer(), GetParam().lender);
}

INSTANTIATE_TEST_SUITE_P(OfAZone, Lender,
			 testing::Values(Case{"TheSecondOfAFullZone",
					      [](Zones &z) {
						      z.add(1, 16, 1, online, Zone::normal);
						      z.add(100, 355, 1, online);
						      z.add(356, 611, 1, offline);
					      },
					      101},
					 Case{"NoneForAnEmptyZone",
					      [](Zones &z) { z.add(100, 1000, 1, offline); }, 0},
					 Case{"NoneWhereLittleComes",
					      [](Zones &z) {
						      z.add(100, 355, 1, online);
						      z.add(356, 363, 1, offline);
					      },
					      0},
					 Case{"NoneWhereLittleIsOnline",
					      [](Zones &z) {
						      z.add(100, 101, 1, online);
						      z.add(102, 5000, 1, offline);
					      },
					      0},
					 Case{"NoneWhereTheZoneHasAHoleEarly",
					      [](Zones &z) {
						      z.add(100, 103, 1, online);
						      z.add(105, 355, 1, online);
						      z.add(356, 611, 1, offline);
					      },
					      0},
					 Case{"TheSecondWhereItHasAHoleLate",
					      [](Zones &z) {
						      z.add(100, 300, 1, online);
						      z.add(302, 355, 1, online);
						      z.add(356, 611, 1, offline);
					      },
					      101},
					 Case{"NoneWhereTheNewOnesComeBelow",
					      [](Zones &z) {
						      z.add(100, 355, 1, offline);
						      z.add(356, 611, 1, online);
					      },
					      0},
					 Case{"NoneOfAnotherNode",
					      [](Zones &z) {
						      z.add(100, 355, 0, online);
						      z.add(356, 611, 1, offline);
					      },
					      0},
					 Case{"NoneOfTheHost",
					      [](Zones &z) {
						      z.add(100, 355, 1, online, Zone::movable,
							    Source::virtio_mem);
						      z.add(356, 611, 1, offline);
					      },
					      0},
					 Case{"NoneOfADaxDevice",
					      [](Zones &z) {
						      z.add(100, 355, 1, online, Zone::movable,
							    Source::dax_kmem);
						      z.add(356, 611, 1, offline);
					      },
					      0},
					 Case{"OfTheNodeThatSavesMost",
					      [](Zones &z) {
						      z.add(100, 199, 0, online);
						      z.add(200, 299, 0, offline);
						      z.add(1000, 1199, 1, online);
						      z.add(1200, 1299, 1, offline);
						      z.add(2000, 2149, 2, online);
						      z.add(2150, 2249, 2, offline);
					      },
					      1001}),
			 [](const auto &test) { return test.param.name; });

} // namespace
} // namespace memhp
