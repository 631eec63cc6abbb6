// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/block.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(BlockNames, AreThoseOfSysfs)
{
	const struct {
		BlockState state;
		const char *text;
	} states[] = {
		{BlockState::offline, "offline"},
		{BlockState::going_online, "going-online"},
		{BlockState::online, "online"},
		{BlockState::going_offline, "going-offline"},
	};
	for (const auto &[state, text] : states) {
		EXPECT_EQ(to_string(state), text);
		EXPECT_EQ(parse_block_state(text), state);
	}
	for (const auto *text : {"", "Online", "online ", "onlinee", "ERROR-UNKNOWN-1"})
		EXPECT_EQ(parse_block_state(text), BlockState::unknown) << text;
}

TEST(BlockNames, ZonesAreReadWithoutRegardToCase)
{
	const struct {
		Zone zone;
		const char *kernel;
		const char *typed;
	} zones[] = {
		{Zone::dma, "DMA", "dma"},	    {Zone::dma32, "DMA32", "Dma32"},
		{Zone::normal, "Normal", "normal"}, {Zone::movable, "Movable", "MOVABLE"},
		{Zone::device, "Device", "device"},
	};
	for (const auto &[zone, kernel, typed] : zones) {
		EXPECT_EQ(to_string(zone), kernel);
		EXPECT_EQ(parse_zone(kernel), zone);
		EXPECT_EQ(parse_zone(typed), zone);
	}
	// "none" is what valid_zones says of a block in several zones.
	for (const auto *text : {"none", "", "Normal Movable", "DMA3"})
		EXPECT_EQ(parse_zone(text), std::nullopt) << text;
}

TEST(BlockNames, OnlineTypesAreTheWordsThatStateAccepts)
{
	EXPECT_EQ(to_string(OnlineType::by_default), "online");
	EXPECT_EQ(to_string(OnlineType::kernel), "online_kernel");
	EXPECT_EQ(to_string(OnlineType::movable), "online_movable");
	EXPECT_EQ(parse_online_type("online"), OnlineType::by_default);
	EXPECT_EQ(parse_online_type("online_kernel"), OnlineType::kernel);
	EXPECT_EQ(parse_online_type("online_movable"), OnlineType::movable);
	EXPECT_EQ(parse_online_type("offline"), std::nullopt);
}

TEST(BlockNames, SourcesAreThoseOfTheConfiguration)
{
	EXPECT_EQ(to_string(Source::boot), "boot");
	EXPECT_EQ(to_string(Source::acpi_dimm), "acpi-dimm");
	EXPECT_EQ(to_string(Source::virtio_mem), "virtio-mem");
	EXPECT_EQ(to_string(Source::dax_kmem), "dax-kmem");
	EXPECT_EQ(to_string(Source::hv_balloon), "hv-balloon");
	EXPECT_EQ(to_string(Source::xen_balloon), "xen-balloon");
	EXPECT_EQ(to_string(Source::unknown), "unknown");
}

TEST(KernelZone, IsEveryZoneThatTheKernelAllocatesFrom)
{
	EXPECT_TRUE(is_kernel_zone(Zone::dma));
	EXPECT_TRUE(is_kernel_zone(Zone::dma32));
	EXPECT_TRUE(is_kernel_zone(Zone::normal));
	EXPECT_FALSE(is_kernel_zone(Zone::movable));
	EXPECT_FALSE(is_kernel_zone(Zone::device));
	EXPECT_FALSE(is_kernel_zone(Zone::none));
}

TEST(Ranges, MergeNeighboursAndNothingElse)
{
	const struct {
		std::vector<uint64_t> numbers;
		const char *text;
	} cases[] = {
		{{}, ""},
		{{7}, "7"},
		{{0, 1}, "0-1"},
		{{0, 2, 4}, "0,2,4"},
		{{0, 1, 2, 32, 40, 41}, "0-2,32,40-41"},
		{{UINT64_MAX - 1, UINT64_MAX}, "18446744073709551614-18446744073709551615"},
	};
	for (const auto &[numbers, text] : cases)
		EXPECT_EQ(format_ranges(numbers), text);
}

} // namespace
} // namespace memhp
