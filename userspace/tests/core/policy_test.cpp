// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/policy.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

constexpr Time since = std::chrono::seconds(100);
constexpr Time grace = std::chrono::seconds(10);
constexpr auto by_default = OnlineType::by_default;
constexpr auto movable = OnlineType::movable;
constexpr auto kernel = OnlineType::kernel;
constexpr uint64_t block_size = 128 << 20;

std::string describe(const Decision &decision)
{
	if (const auto *online = std::get_if<Online>(&decision))
		return std::string(to_string(online->type));
	if (const auto *later = std::get_if<NotYet>(&decision))
		return "until " + format_duration(later->until);
	return "nothing";
}

TEST(Decide, FollowsTheTable)
{
	const struct {
		OnlineAction action;
		std::optional<OnlineType> kernel_default;
		Time waited;
		const char *decision;
	} cases[] = {
		{OnlineAction::movable, {}, Time(0), "online_movable"},
		{OnlineAction::movable, by_default, Time(0), "online_movable"},
		{OnlineAction::kernel, {}, Time(0), "online_kernel"},
		{OnlineAction::kernel_default, movable, Time(0), "online"},
		{OnlineAction::offline, by_default, grace * 9, "nothing"},

		{OnlineAction::leave, {}, Time(0), "nothing"},
		{OnlineAction::leave, {}, grace * 9, "nothing"},
		{OnlineAction::leave, kernel, Time(0), "until 1m50s"},
		{OnlineAction::leave, kernel, grace - Time(1), "until 1m50s"},
		{OnlineAction::leave, kernel, grace, "online_kernel"},
		{OnlineAction::leave, by_default, grace, "online"},
		{OnlineAction::leave, movable, grace, "online_movable"},
	};
	for (const auto &[action, kernel_default, waited, decision] : cases)
		EXPECT_EQ(describe(decide(action, grace, kernel_default, since, since + waited)),
			  decision)
			<< to_string(action);
}

/// Four blocks, 512 MiB from 4 GiB on.
Device device(Source source, std::vector<int> nodes = {1, 1, 1, 1})
{
	Device result{"", source, {}};
	for (const auto node : nodes)
		result.blocks.push_back(offline_block(32 + result.blocks.size(), node));
	return result;
}

OnlineRule rule(std::optional<Source> source, std::vector<int> nodes,
		std::optional<Target::Range> range, uint64_t min_size)
{
	return {source, std::move(nodes), range, min_size, OnlineAction::kernel};
}

TEST(Rule, MatchesWhereAllItsConditionsDo)
{
	const auto dimm = device(Source::acpi_dimm);
	const Target::Range all = {0x100000000, 0x11fffffff};
	const struct {
		OnlineRule rule;
		bool matches;
	} cases[] = {
		{rule({}, {}, {}, 0), true},
		{rule(Source::acpi_dimm, {}, {}, 0), true},
		{rule(Source::virtio_mem, {}, {}, 0), false},
		{rule({}, {1}, {}, 0), true},
		{rule({}, {0, 1}, {}, 0), true},
		{rule({}, {0, 2}, {}, 0), false},
		{rule({}, {}, all, 0), true},
		{rule({}, {}, Target::Range{0, UINT64_MAX}, 0), true},
		{rule({}, {}, Target::Range{all.first, all.second - 1}, 0), false},
		{rule({}, {}, Target::Range{all.first + 1, all.second}, 0), false},
		{rule({}, {}, {}, 512 << 20), true},
		{rule({}, {}, {}, (512 << 20) + 1), false},
		{rule(Source::acpi_dimm, {1}, all, 512 << 20), true},
		{rule(Source::acpi_dimm, {2}, all, 512 << 20), false},
	};
	for (const auto &[one, wanted] : cases)
		EXPECT_EQ(matches(one, dimm, block_size), wanted) << describe(one);
}

TEST(Rule, OfANodeNeedsAllBlocksThere)
{
	const auto of_node_1 = rule({}, {1}, {}, 0);
	EXPECT_FALSE(matches(of_node_1, device(Source::boot, {1, 1, 2}), block_size));
	EXPECT_TRUE(matches(rule({}, {1, 2}, {}, 0), device(Source::boot, {1, 1, 2}), block_size));
	auto nowhere = device(Source::boot);
	nowhere.blocks[1].node.reset();
	EXPECT_FALSE(matches(of_node_1, nowhere, block_size));
}

TEST(Rule, CoversANarrowerOne)
{
	const Target::Range wide = {0x1000, 0x1fff};
	const Target::Range narrow = {0x1800, 0x1fff};
	const auto any = rule({}, {}, {}, 0);
	const struct {
		OnlineRule earlier;
		OnlineRule later;
		bool covers;
	} cases[] = {
		{any, any, true},
		{any, rule(Source::boot, {1}, wide, 7), true},
		{rule(Source::boot, {}, {}, 0), any, false},
		{rule(Source::boot, {}, {}, 0), rule(Source::boot, {1}, {}, 0), true},
		{rule(Source::boot, {}, {}, 0), rule(Source::unknown, {1}, {}, 0), false},
		{rule({}, {1, 2}, {}, 0), rule({}, {2}, {}, 0), true},
		{rule({}, {2}, {}, 0), rule({}, {1, 2}, {}, 0), false},
		{rule({}, {2}, {}, 0), any, false},
		{rule({}, {}, wide, 0), rule({}, {}, narrow, 0), true},
		{rule({}, {}, narrow, 0), rule({}, {}, wide, 0), false},
		{rule({}, {}, wide, 0), any, false},
		{rule({}, {}, {}, 7), rule({}, {}, {}, 8), true},
		{rule({}, {}, {}, 8), rule({}, {}, {}, 7), false},
	};
	for (const auto &[earlier, later, wanted] : cases)
		EXPECT_EQ(covers(earlier, later), wanted)
			<< describe(earlier) << " before " << describe(later);
}

TEST(Judge, TakesTheFirstRuleThatMatches)
{
	OnlinePolicy policy;
	policy.action = OnlineAction::movable;
	policy.rules = {rule(Source::acpi_dimm, {2}, {}, 0), rule(Source::acpi_dimm, {1}, {}, 0),
			rule(Source::acpi_dimm, {}, {}, 0)};
	policy.rules[1].action = OnlineAction::offline;
	const auto verdict = judge(policy, device(Source::acpi_dimm), block_size);
	EXPECT_EQ(verdict.action, OnlineAction::offline);
	EXPECT_EQ(verdict.rule, 2u);
	EXPECT_EQ(verdict.by, "rule 2 (source=acpi-dimm node=1)");

	const auto other = judge(policy, device(Source::virtio_mem), block_size);
	EXPECT_EQ(other.action, OnlineAction::movable);
	EXPECT_EQ(other.rule, std::nullopt);
	EXPECT_EQ(other.by, "online.action");
}

TEST(Judge, LeavesDaxMemoryToItsOwnerUnlessARuleSaysElse)
{
	OnlinePolicy policy;
	for (const auto &[action, word] : online_action_words) {
		policy.action = action;
		const auto verdict = judge(policy, device(Source::dax_kmem), block_size);
		EXPECT_EQ(verdict.action, OnlineAction::leave) << word;
		EXPECT_EQ(verdict.rule, std::nullopt);
		EXPECT_EQ(verdict.by, "default for dax-kmem");
	}
	policy.rules = {rule(Source::dax_kmem, {}, {}, 0)};
	const auto verdict = judge(policy, device(Source::dax_kmem), block_size);
	EXPECT_EQ(verdict.action, OnlineAction::kernel);
	EXPECT_EQ(verdict.rule, 1u);
}

TEST(Policy, IsDescribedInALine)
{
	OnlinePolicy policy;
	EXPECT_EQ(describe(policy), "onlining hot-added memory as movable");
	policy.rules.resize(1);
	EXPECT_EQ(describe(policy), "onlining hot-added memory as movable, 1 rule");
	policy.rules.resize(2);
	EXPECT_EQ(describe(policy), "onlining hot-added memory as movable, 2 rules");
}

} // namespace
} // namespace memhp
