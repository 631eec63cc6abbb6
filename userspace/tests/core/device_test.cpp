// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/device.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

Block of(Block block, Source source, std::string device = "")
{
	block.source = source;
	block.device = std::move(device);
	return block;
}

/// "name source: blocks" of each device.
std::vector<std::string> grouped(const std::vector<Block> &blocks)
{
	std::vector<std::string> lines;
	for (const auto &device : group_by_device(blocks)) {
		std::vector<uint64_t> numbers;
		for (const auto &block : device.blocks)
			numbers.push_back(block.number);
		lines.push_back(device.name + " " + std::string(to_string(device.source)) + ": " +
				format_ranges(numbers));
	}
	return lines;
}

TEST(Devices, OwnTheirBlocksWhereverTheyLie)
{
	EXPECT_EQ(grouped({of(online_block(1), Source::boot),
			   of(online_block(32), Source::virtio_mem, "virtio0"),
			   of(offline_block(33), Source::acpi_dimm, "PNP0C80:01"),
			   of(online_block(34), Source::acpi_dimm, "PNP0C80:01"),
			   of(offline_block(40, 1), Source::virtio_mem, "virtio0")}),
		  (std::vector<std::string>{" boot: 1", "virtio0 virtio-mem: 32,40",
					    "PNP0C80:01 acpi-dimm: 33-34"}));
	EXPECT_TRUE(grouped({}).empty());
}

TEST(Devices, WithoutANameAreNeighboursThatLookTheSame)
{
	const auto boot = [](Block block) { return of(block, Source::boot); };
	EXPECT_EQ(grouped({boot(online_block(1)), boot(online_block(2)), boot(online_block(4)),
			   boot(offline_block(5)), boot(offline_block(6)),
			   boot(offline_block(7, 1)), of(offline_block(8, 1), Source::unknown)}),
		  (std::vector<std::string>{" boot: 1-2", " boot: 4", " boot: 5-6", " boot: 7",
					    " unknown: 8"}));
}

TEST(Devices, AreAsLargeAsTheirBlocks)
{
	const auto devices = group_by_device({online_block(1), online_block(2)});
	EXPECT_EQ(devices.at(0).size(1 << 27), 2u << 27);
}

} // namespace
} // namespace memhp
