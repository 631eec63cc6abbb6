// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/ratio.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

constexpr uint64_t block_size = 128 << 20;
constexpr uint64_t block_pages = block_size / 4096;

/// So many blocks of one kind.
struct Kind {
	size_t count;
	Zone zone; ///< none: offline
	Source source = Source::acpi_dimm;
	std::string device = "PNP0C80:00";
	int node = 0;
};

std::vector<Block> machine(const std::vector<Kind> &kinds)
{
	std::vector<Block> blocks;
	for (const auto &kind : kinds)
		for (size_t i = 0; i < kind.count; ++i) {
			Block block;
			block.number = blocks.size();
			block.state =
				kind.zone == Zone::none ? BlockState::offline : BlockState::online;
			block.zone = kind.zone;
			block.source = kind.source;
			block.device = kind.source == Source::boot ? "" : kind.device;
			block.node = kind.node;
			blocks.push_back(std::move(block));
		}
	return blocks;
}

Kind boot(size_t count, Zone zone = Zone::normal, int node = 0)
{
	return {count, zone, Source::boot, "", node};
}

MemoryCount count_of(const std::vector<Kind> &kinds)
{
	return count_memory(machine(kinds), block_size, {});
}

ZonePages zone(int node, bool movable, uint64_t present, uint64_t cma = 0, uint64_t available = 0)
{
	return {node, movable, present, cma, available};
}

TEST(CountMemory, CountsWholeBlocksWhereTheZonesAreUnknown)
{
	auto blocks = machine({boot(4),
			       boot(1, Zone::movable),
			       {2, Zone::normal},
			       {3, Zone::movable, Source::acpi_dimm, "PNP0C80:01", 1},
			       {2, Zone::none}});
	blocks[0].zone = Zone::none; // DMA and DMA32
	const auto count = count_memory(blocks, block_size, {});
	EXPECT_EQ(count.nodes.at(0),
		  (MemoryCount::Pages{4 * block_pages, 2 * block_pages, block_pages}));
	EXPECT_EQ(count.nodes.at(1), (MemoryCount::Pages{0, 0, 3 * block_pages}));
	EXPECT_EQ(count.all(),
		  (MemoryCount::Pages{4 * block_pages, 2 * block_pages, 4 * block_pages}));
	EXPECT_FALSE(count.available);
	EXPECT_EQ(count.largest_device, 4 * block_pages) << "offline blocks are memmap too";
}

TEST(CountMemory, TakesEarlyMemoryFromTheZones)
{
	const auto blocks = machine({boot(4), {2, Zone::normal}, {3, Zone::movable}});
	const ZoneTable table = {4096,
				 {zone(0, false, 4000, 0, 100),
				  zone(0, false, 6 * block_pages, 1000, 500),
				  zone(0, true, 3 * block_pages), zone(1, false, 0)},
				 true};
	const auto count = count_memory(blocks, block_size, table);
	EXPECT_EQ(count.nodes.at(0).early, 4000 + 4 * block_pages - 1000)
		<< "without what was hot-added, and without CMA";
	EXPECT_EQ(count.nodes.at(0).movable, 3 * block_pages + 1000) << "CMA counts as movable";
	EXPECT_EQ(count.nodes.count(1), 0u);
	EXPECT_EQ(count.available, 600u);
	EXPECT_TRUE(count.memmap_on_memory);
}

/// The rule in numbers: kernel memory of the boot, movable memory, what is to come; in blocks.
TEST(Fits, IsTheKernelsRule)
{
	const struct {
		const char *what;
		size_t early, added, movable, more;
		double ratio;
		bool fits;
	} cases[] = {
		{"below", 4, 0, 0, 4, 4, true},
		{"just so", 4, 0, 12, 4, 4, true},
		{"one too many", 4, 0, 12, 5, 4, false},
		{"hot-added kernel memory counts for nothing", 4, 100, 12, 5, 4, false},
		{"nothing to come, but too much already", 4, 0, 17, 0, 4, false},
		{"a part of a percent is rounded", 100, 0, 0, 301, 3.0149, true},
		{"and no more", 100, 0, 0, 302, 3.0149, false},
		{"a ratio of 0 is never kept", 4, 0, 0, 0, 0, false},
		{"no kernel memory of the boot", 0, 4, 0, 1, 1000, false},
	};
	for (const auto &[what, early, added, movable, more, ratio, expected] : cases) {
		const auto count =
			count_of({boot(early), {added, Zone::normal}, {movable, Zone::movable}});
		EXPECT_EQ(fits(count, {more * block_pages, 0, ""}, ratio, false), expected) << what;
	}
}

TEST(Fits, PerNodeNeedsKernelMemoryThere)
{
	const auto count = count_of({boot(4), boot(2, Zone::normal, 1)});
	const struct {
		int node;
		size_t more;
		bool per_node, fits;
	} cases[] = {
		{1, 8, true, true},  {1, 9, true, false}, {1, 9, false, true}, {0, 16, true, true},
		{2, 1, true, false}, {2, 1, false, true}, {-1, 1, true, true},
	};
	for (const auto &[node, more, per_node, expected] : cases)
		EXPECT_EQ(fits(count, {more * block_pages, node, ""}, 4, per_node), expected)
			<< node << " " << more << " " << per_node;
}

Kind mem(size_t count, Zone zone, const std::string &device = "virtio0", int node = 0)
{
	return {count, zone, Source::virtio_mem, device, node};
}

TEST(Fits, KernelMemoryOfADynamicGroupIsForThatGroup)
{
	// 4 blocks of the boot allow for 16; virtio0 has 3 of its own, for 12 more.
	const auto count = count_of({boot(4), mem(3, Zone::normal)});
	EXPECT_TRUE(fits(count, {28 * block_pages, 0, "virtio0"}, 4, false));
	EXPECT_FALSE(fits(count, {29 * block_pages, 0, "virtio0"}, 4, false));
	EXPECT_TRUE(fits(count, {16 * block_pages, 0, ""}, 4, false));
	EXPECT_FALSE(fits(count, {17 * block_pages, 0, ""}, 4, false));
	EXPECT_FALSE(fits(count, {17 * block_pages, 0, "virtio1"}, 4, false));

	// 14 movable blocks of virtio0 need 3 and a half; 3 are its own, a half is of the boot's.
	const auto grown = count_of({boot(4), mem(3, Zone::normal), mem(14, Zone::movable)});
	EXPECT_TRUE(fits(grown, {14 * block_pages, 0, "virtio1"}, 4, false));
	EXPECT_FALSE(fits(grown, {15 * block_pages, 0, "virtio1"}, 4, false));
	EXPECT_TRUE(fits(grown, {14 * block_pages, 0, "virtio0"}, 4, false));
	EXPECT_FALSE(fits(grown, {15 * block_pages, 0, "virtio0"}, 4, false));

	// All of the boot's memory is needed by another.
	EXPECT_FALSE(fits(count_of({boot(4), mem(16, Zone::movable)}), {0, 0, ""}, 4, false));
	// On its own node only.
	EXPECT_TRUE(fits(count_of({boot(9), boot(4, Zone::normal, 1), mem(16, Zone::movable)}),
			 {16 * block_pages, 1, ""}, 4, true));
}

OnlinePolicy policy(BeyondRatio beyond = BeyondRatio::warn, double max = 4,
		    std::optional<double> hard = 16)
{
	OnlinePolicy result;
	result.max_movable_ratio = max;
	result.beyond_ratio = beyond;
	result.hard_ratio = hard;
	return result;
}

/// What becomes of the offline blocks of the last device, and by what: "8 movable" or "8 kernel
/// online.hard_ratio", "!" for a remark.
std::string allotted(const OnlinePolicy &policy, const std::vector<Kind> &kinds,
		     ZoneTable table = {}, bool in_kernel = false)
{
	const auto blocks = machine(kinds);
	auto count = count_memory(blocks, block_size, table);
	const auto device = group_by_device(blocks).back();
	std::vector<Block> fresh;
	for (const auto &block : device.blocks)
		if (block.state == BlockState::offline)
			fresh.push_back(block);
	std::string text;
	for (const auto &part : allot(policy, device, fresh, count, in_kernel)) {
		text += (text.empty() ? "" : ", ") + std::to_string(part.blocks.size()) + " " +
			std::string(to_string(part.action));
		if (!part.by.empty())
			text += " " + part.by;
		if (!part.remark.empty())
			text += "!";
		EXPECT_EQ(part.by.empty() || in_kernel, part.why.empty());
	}
	return text;
}

TEST(Allot, DecidesOnADeviceAsAWhole)
{
	const auto warn = policy();
	const auto kernel = policy(BeyondRatio::kernel);
	const auto offline = policy(BeyondRatio::offline);
	const auto unbound = policy(BeyondRatio::warn, 4, std::nullopt);
	const struct {
		const char *what;
		const OnlinePolicy &policy;
		std::vector<Kind> machine;
		const char *wanted;
	} cases[] = {
		{"within", warn, {boot(4), {16, Zone::none}}, "16 movable"},
		{"beyond: warn", warn, {boot(4), {17, Zone::none}}, "17 movable!"},
		{"beyond: kernel",
		 kernel,
		 {boot(4), {17, Zone::none}},
		 "17 kernel online.beyond_ratio"},
		{"within: kernel", kernel, {boot(4), {16, Zone::none}}, "16 movable"},
		{"beyond: offline",
		 offline,
		 {boot(4), {17, Zone::none}},
		 "17 offline online.beyond_ratio"},
		{"hard", warn, {boot(4), {64, Zone::none}}, "64 movable!"},
		{"beyond hard", warn, {boot(4), {65, Zone::none}}, "65 kernel online.hard_ratio"},
		{"beyond both, offline",
		 offline,
		 {boot(4), {65, Zone::none}},
		 "65 offline online.beyond_ratio"},
		{"no hard bound", unbound, {boot(1), {65, Zone::none}}, "65 movable!"},
		{"the rest of a device counts with the whole",
		 kernel,
		 {boot(4), {10, Zone::movable}, {6, Zone::none}},
		 "6 movable"},
		{"and is beyond with it",
		 kernel,
		 {boot(4), {10, Zone::movable}, {7, Zone::none}},
		 "7 kernel online.beyond_ratio"},
		{"what others have counts",
		 kernel,
		 {boot(4), {10, Zone::movable, Source::acpi_dimm, "PNP0C80:01"}, {7, Zone::none}},
		 "7 kernel online.beyond_ratio"},
	};
	for (const auto &[what, one, kinds, wanted] : cases)
		EXPECT_EQ(allotted(one, kinds), wanted) << what;
	EXPECT_EQ(allotted(warn, {boot(4), {1, Zone::normal}, {3, Zone::none}}, {}, true),
		  "3 kernel an earlier decision on this device");
}

TEST(Allot, ADeviceThatGrowsIsDecidedOnBlockByBlock)
{
	const auto kernel = policy(BeyondRatio::kernel, 2);
	EXPECT_EQ(allotted(kernel, {boot(4), mem(10, Zone::none)}),
		  "8 movable, 1 kernel online.beyond_ratio, 1 movable")
		<< "its own kernel memory allows for more";
	EXPECT_EQ(allotted(kernel, {boot(4), mem(7, Zone::movable), mem(3, Zone::none)}),
		  "1 movable, 1 kernel online.beyond_ratio, 1 movable");
	EXPECT_EQ(allotted(policy(BeyondRatio::offline, 2), {boot(4), mem(10, Zone::none)}),
		  "8 movable, 2 offline online.beyond_ratio");
	EXPECT_EQ(allotted(policy(BeyondRatio::warn, 1, 2.0), {boot(4), mem(10, Zone::none)}),
		  "4 movable, 4 movable!, 1 kernel online.hard_ratio, 1 movable!");
	EXPECT_EQ(allotted(kernel, {boot(4), {10, Zone::none, Source::hv_balloon, "vmbus"}}),
		  "8 movable, 2 kernel online.beyond_ratio")
		<< "a balloon is no group to the kernel";
}

TEST(Allot, SeveralDevicesOfOneLookCountTogether)
{
	const auto kernel = policy(BeyondRatio::kernel, 1);
	auto blocks = machine({boot(4),
			       {3, Zone::none, Source::acpi_dimm, "PNP0C80:00"},
			       {3, Zone::none, Source::acpi_dimm, "PNP0C80:01"}});
	auto count = count_memory(blocks, block_size, {});
	std::string text;
	for (const auto &device : group_by_device(blocks))
		if (device.source != Source::boot)
			for (const auto &part : allot(kernel, device, device.blocks, count))
				text += std::string(to_string(part.action)) + " ";
	EXPECT_EQ(text, "movable kernel ");
	EXPECT_EQ(count.all(),
		  (MemoryCount::Pages{4 * block_pages, 3 * block_pages, 3 * block_pages}));
}

TEST(Allot, LeavesRoomForTheNextMemmap)
{
	// The memmap of 64 blocks takes one of them.
	const std::vector<Kind> kinds = {boot(40), {64, Zone::none}};
	const auto table = [&](uint64_t available, bool on_memory = false) {
		return ZoneTable{4096, {zone(0, false, 40 * block_pages, 0, available)}, on_memory};
	};
	const struct {
		const char *what;
		ZoneTable table;
		std::optional<double> hard;
		const char *wanted;
	} cases[] = {
		{"enough", table(block_pages), 16, "64 movable"},
		{"too little", table(block_pages - 1), 16, "64 kernel online.hard_ratio"},
		{"too little, no hard guard", table(block_pages - 1), std::nullopt, "64 movable!"},
		{"it brings its own room", table(0, true), 16, "64 movable"},
		{"nobody knows", {}, 16, "64 movable"},
	};
	for (const auto &[what, zones, hard, wanted] : cases)
		EXPECT_EQ(allotted(policy(BeyondRatio::warn, 4, hard), kinds, zones), wanted)
			<< what;
	EXPECT_EQ(allotted(policy(), {boot(40), mem(64, Zone::none)}, table(0, true)),
		  "64 kernel online.hard_ratio")
		<< "virtio-mem has no memmap of its own";
}

TEST(Allot, GivesTheFigures)
{
	auto kernel = policy(BeyondRatio::kernel);
	kernel.ratio_per_node = true;
	const auto blocks = machine({boot(4),
				     boot(1, Zone::normal, 1),
				     {6, Zone::none, Source::acpi_dimm, "PNP0C80:00", 1}});
	auto count = count_memory(blocks, block_size, {});
	const auto device = group_by_device(blocks).back();
	const auto parts = allot(kernel, device, device.blocks, count);
	ASSERT_EQ(parts.size(), 1u);
	EXPECT_EQ(parts[0].why, "movable : kernel would be 1.20, on node 1 6.00, beyond "
				"max_movable_ratio (4)");
}

TEST(StateOfTheRatio, IsThatOfTheBounds)
{
	using Standing = RatioState::Standing;
	const struct {
		size_t movable;
		OnlinePolicy policy;
		Standing standing;
		bool full;
	} cases[] = {
		{15, policy(), Standing::within, false},
		{16, policy(), Standing::within, false},
		{17, policy(), Standing::beyond, false},
		{64, policy(), Standing::beyond, true},
		{65, policy(), Standing::beyond_hard, true},
		{65, policy(BeyondRatio::warn, 4, std::nullopt), Standing::beyond, false},
		{16, policy(BeyondRatio::kernel), Standing::within, true},
		{0, policy(BeyondRatio::kernel, 0), Standing::within, true},
		{1, policy(BeyondRatio::kernel, 0), Standing::beyond, true},
	};
	for (const auto &[movable, one, standing, full] : cases) {
		const auto state = ratio_state(one, count_of({boot(4), {movable, Zone::movable}}));
		EXPECT_EQ(state.standing, standing) << movable;
		EXPECT_EQ(state.full, full) << movable;
	}
	auto per_node = policy();
	const auto count = count_of({boot(4), {1, Zone::movable, Source::acpi_dimm, "x", 1}});
	EXPECT_EQ(ratio_state(per_node, count).standing, Standing::within);
	per_node.ratio_per_node = true;
	EXPECT_EQ(ratio_state(per_node, count).standing, Standing::beyond_hard);
}

TEST(StateOfTheRatio, InWords)
{
	auto count = count_of({boot(4), {64, Zone::movable}});
	EXPECT_EQ(describe(policy(), ratio_state(policy(), count)),
		  "movable : kernel is 16.00, at most 4 is wanted (beyond: a warning), 16 allowed; "
		  "BEYOND max_movable_ratio");
	count.available = 256;
	const auto offline = policy(BeyondRatio::offline, 20, std::nullopt);
	EXPECT_EQ(describe(offline, ratio_state(offline, count)),
		  "movable : kernel is 16.00, at most 20 is wanted (beyond: stays offline); 1M of "
		  "kernel memory available, 128M for the memmap of another device like the "
		  "largest: TOO LITTLE");
}

} // namespace
} // namespace memhp
