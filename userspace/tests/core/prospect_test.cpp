// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/prospect.h"

#include <gtest/gtest.h>

#include "blocks.h"
#include "core/offline/select.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

/// 0-1 Normal at boot, 8-9 and 16-17 and 24-25 Movable of three DIMMs, 32 Normal of a fourth.
std::vector<Block> machine()
{
	std::vector<Block> blocks;
	const auto add = [&](uint64_t number, Zone zone, std::string device) {
		auto block = online_block(number, zone);
		block.device = std::move(device);
		block.source = Source::acpi_dimm;
		blocks.push_back(std::move(block));
	};
	add(0, Zone::normal, "");
	add(1, Zone::normal, "");
	for (const uint64_t first : {8, 16, 24})
		for (const auto number : {first, first + 1})
			add(number, Zone::movable, "DIMM" + std::to_string(first));
	add(32, Zone::normal, "DIMM32");
	return blocks;
}

Numbers order(const Evidence &evidence)
{
	Numbers numbers;
	for (const auto &block : by_prospect(machine(), machine(), evidence))
		numbers.push_back(block.number);
	return numbers;
}

TEST(Prospect, WithoutEvidenceItIsFromTheTopDownKernelZonesLast)
{
	EXPECT_EQ(order({}), (Numbers{25, 24, 17, 16, 9, 8, 32, 1, 0}));
}

TEST(Prospect, TheNewestDeviceGoesFirst)
{
	Evidence evidence;
	evidence.online_since = {{8, 500}, {9, 510}, {16, 900}, {17, 905}, {24, 100}, {25, 105}};
	EXPECT_EQ(order(evidence), (Numbers{17, 16, 9, 8, 25, 24, 32, 1, 0}));
}

TEST(Prospect, ADeviceIsAsOldAsItsOldestBlock)
{
	Evidence evidence;
	evidence.online_since = {{8, 500}, {9, 510}, {17, 905}};
	EXPECT_EQ(order(evidence), (Numbers{9, 8, 25, 24, 17, 16, 32, 1, 0}))
		<< "16 was there before the module, 17 was only off for a while";
}

TEST(Prospect, OfKernelZonesTheNewestBlockGoesFirst)
{
	Evidence evidence;
	evidence.online_since = {{0, 700}, {32, 600}};
	EXPECT_EQ(order(evidence), (Numbers{25, 24, 17, 16, 9, 8, 0, 32, 1}));
}

TEST(Prospect, TheCheapestGoesBeforeTheNewestButAfterNoKernelZone)
{
	Evidence evidence;
	evidence.online_since = {{24, 100}, {25, 100}};
	evidence.costs = {{25, 3}, {24, 16}, {17, 0}, {9, 3}, {8, 0}, {32, 0}, {1, 33}};
	EXPECT_EQ(order(evidence), (Numbers{17, 8, 25, 9, 24, 16, 32, 1, 0}));
}

TEST(Prospect, WhatIsHeldGoesLastOfItsKind)
{
	Evidence evidence;
	evidence.costs = {{25, 0}, {24, 1}, {17, 2}, {16, 3}};
	evidence.held = {25, 17, 1};
	EXPECT_EQ(order(evidence), (Numbers{24, 16, 9, 8, 25, 17, 32, 0, 1}));
}

TEST(CheapestFirst, KeepsTheRestOfTheOrder)
{
	Evidence evidence;
	EXPECT_EQ(cheapest_first({5, 4, 3}, evidence, {}), (Numbers{5, 4, 3}));
	evidence.costs = {{4, 2}, {3, 0}, {2, 2}, {1, 0}};
	EXPECT_EQ(cheapest_first({5, 4, 3, 2, 1}, evidence, {1}), (Numbers{3, 4, 2, 5, 1}));
	evidence.held = {3, 5, 1};
	EXPECT_EQ(cheapest_first({5, 4, 3, 2, 1}, evidence, {1}), (Numbers{4, 2, 3, 5, 1}))
		<< "an attempt on a block of which a page is held only costs";
	EXPECT_EQ(cheapest_first({}, evidence, {}), Numbers());
}

TEST(SelectOffline, MakesTheHoleAtTheBottomThenTakesDeviceByDevice)
{
	Evidence evidence;
	evidence.online_since = {{8, 500}, {9, 510}};
	const auto target = parse_target({"all"}).value();
	const auto selection = select_offline(target, machine(), 1 << 27, false, evidence);
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->blocks, (Numbers{9, 25, 24, 17, 16, 8, 1, 32, 0}))
		<< "9 is the second lowest of zone Movable, and happens to be of the newest";
	evidence.online_since = {{24, 500}, {25, 510}};
	EXPECT_EQ(select_offline(target, machine(), 1 << 27, false, evidence)->blocks,
		  (Numbers{9, 25, 24, 17, 16, 8, 1, 32, 0}));
}

TEST(SelectOffline, OfASizeTakesTheNewestDevice)
{
	Evidence evidence;
	evidence.online_since = {{16, 500}, {17, 510}};
	const auto target = parse_target({"256M"}).value();
	const auto selection = select_offline(target, machine(), 1 << 27, false, evidence);
	ASSERT_TRUE(selection);
	EXPECT_EQ(selection->blocks, (Numbers{16, 17, 25, 24, 9, 8, 32, 1}));
}

TEST(SelectOffline, PassesOverPoisonedBlocksOrRefusesThem)
{
	Evidence evidence;
	evidence.poisoned = {17, 9};
	const auto select = [&](const char *word) {
		return select_offline(parse_target({word}).value(), machine(), 1 << 27, false,
				      evidence);
	};
	const auto size = select("896M");
	ASSERT_TRUE(size) << size.error().message;
	EXPECT_EQ(size->blocks.size(), 7u);
	EXPECT_FALSE(select("1G"));
	EXPECT_TRUE(select("16"));
	EXPECT_FALSE(select("16-17"));
	const auto refused = select("all");
	ASSERT_FALSE(refused);
	EXPECT_NE(refused.error().message.find("blocks 9,17 have broken"), std::string::npos);
}

std::vector<Block> hosted_machine(Source source)
{
	auto blocks = machine();
	for (auto &block : blocks)
		if (block.number == 16 || block.number == 17) {
			block.source = source;
			block.device = source == Source::virtio_mem ? "virtio0" : "";
		}
	return blocks;
}

TEST(SelectOffline, LeavesHostedMemoryToItsHostUnlessItIsNamedAndForced)
{
	const struct {
		Source source;
		const char *word;
		bool force;
		size_t blocks; ///< 0: refused
		const char *says;
	} cases[] = {
		{Source::virtio_mem, "all", true, 7, ""},
		{Source::virtio_mem, "16-17", true, 0, "a smaller requested-size"},
		{Source::virtio_mem, "device:virtio0", false, 0, "name the device and add --force"},
		{Source::virtio_mem, "device:virtio0", true, 2, ""},
		{Source::hv_balloon, "all", true, 7, ""},
		{Source::hv_balloon, "16-17", false, 0, "the balloon of Hyper-V"},
		{Source::hv_balloon, "16-17", true, 2, ""},
		{Source::xen_balloon, "node:0", true, 7, ""},
		{Source::xen_balloon, "0x80000000-0x8fffffff", false, 0, "xl mem-set"},
		{Source::xen_balloon, "0x80000000-0x8fffffff", true, 2, ""},
		{Source::xen_balloon, "128M", true, 7, ""},
	};
	for (const auto &[source, word, force, blocks, says] : cases) {
		const auto name = std::string(to_string(source)) + " " + word;
		const auto selection = select_offline(parse_target({word}).value(),
						      hosted_machine(source), 1 << 27, force);
		ASSERT_EQ(selection.has_value(), blocks > 0) << name;
		if (selection) {
			EXPECT_EQ(selection->blocks.size(), blocks) << name;
			EXPECT_EQ(selection->left_to_host.empty(), blocks == 2) << name;
		} else {
			EXPECT_NE(selection.error().message.find(says), std::string::npos)
				<< name << ": " << selection.error().message;
		}
	}
}

} // namespace
} // namespace memhp
