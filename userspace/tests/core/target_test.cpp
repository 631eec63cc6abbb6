// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/target.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Words = std::vector<std::string>;
using Ranges = std::vector<Target::Range>;

Target parsed(const Words &words)
{
	auto target = parse_target(words);
	EXPECT_TRUE(target) << target.error().message;
	return target.value_or(Target());
}

TEST(ParseTarget, ReadsSizes)
{
	EXPECT_EQ(parsed({"4G"}).bytes, uint64_t{4} << 30);
	EXPECT_EQ(parsed({"4.5G"}).bytes, uint64_t{9} << 29);
	EXPECT_EQ(parsed({"128MiB"}).bytes, uint64_t{128} << 20);
	EXPECT_EQ(parsed({"134217728B"}).bytes, uint64_t{128} << 20);
}

TEST(ParseTarget, ReadsBlocks)
{
	const struct {
		const char *word;
		Ranges numbers;
	} cases[] = {
		{"32", {{32, 32}}},
		{"memory32", {{32, 32}}},
		{"32-47", {{32, 47}}},
		{"memory32-memory47", {{32, 47}}},
		{"memory32-47", {{32, 47}}},
		{"5-5", {{5, 5}}},
		{"32,40-47", {{32, 32}, {40, 47}}},
		{"memory32,40-47,1", {{32, 32}, {40, 47}, {1, 1}}},
		{"9223372036854775807", {{INT64_MAX, INT64_MAX}}},
	};
	for (const auto &[word, numbers] : cases) {
		const auto target = parsed({word});
		EXPECT_EQ(target.numbers, numbers) << word;
		EXPECT_TRUE(target.addresses.empty()) << word;
		EXPECT_EQ(target.bytes, std::nullopt) << word;
	}
}

TEST(ParseTarget, ReadsAddresses)
{
	EXPECT_EQ(parsed({"0x100000000-0x17fffffff"}).addresses,
		  (Ranges{{0x100000000, 0x17fffffff}}));
	EXPECT_EQ(parsed({"0X10"}).addresses, (Ranges{{16, 16}}));
	EXPECT_EQ(parsed({"0x0-0x7,0x10-0x17"}).addresses, (Ranges{{0, 7}, {16, 23}}));
	const auto mixed = parsed({"0x10,3"});
	EXPECT_EQ(mixed.numbers, (Ranges{{3, 3}}));
	EXPECT_EQ(mixed.addresses, (Ranges{{16, 16}}));
}

TEST(ParseTarget, ReadsNodesZonesDevicesAndAll)
{
	EXPECT_EQ(parsed({"node:1", "node:0"}).nodes, (std::vector<int>{1, 0}));
	EXPECT_EQ(parsed({"zone:movable"}).zones, (std::vector<Zone>{Zone::movable}));
	EXPECT_EQ(parsed({"zone:DMA32"}).zones, (std::vector<Zone>{Zone::dma32}));
	EXPECT_EQ(parsed({"zone:kernel"}).zones,
		  (std::vector<Zone>{Zone::dma, Zone::dma32, Zone::normal}));
	EXPECT_EQ(parsed({"device:PNP0C80:00", "device:dax0.0"}).devices,
		  (Words{"PNP0C80:00", "dax0.0"}));
	EXPECT_TRUE(parsed({"all"}).all);
}

TEST(ParseTarget, KeepsTheWordsForMessages)
{
	EXPECT_EQ(parsed({"node:1", "4G"}).text, "node:1 4G");
}

TEST(ParseTarget, RefusesWhatItCannotReadAndSaysWhy)
{
	const struct {
		Words words;
		const char *why;
	} cases[] = {
		{{}, "no target given"},
		{{""}, "is not a target"},
		{{"-5"}, "is not a target"},
		{{"-5G"}, "is not a target"},
		{{"+5G"}, "is not a target"},
		{{"everything"}, "is not a target"},
		{{"ALL"}, "is not a target"},
		{{"47-32"}, "upside down"},
		{{"0x20-0x10"}, "upside down"},
		{{"32-"}, "a number is missing"},
		{{"32,"}, "a number is missing"},
		{{"32,,33"}, "a number is missing"},
		{{"1-2-3"}, "is not a number"},
		{{"memory"}, "a number is missing"},
		{{"memoryx"}, "is not a number"},
		{{"0x"}, "a number is missing"},
		{{"0xfg"}, "is not a number"},
		{{"0x10-32"}, "mixes a block number and an address"},
		{{"memory32-0x10"}, "mixes a block number and an address"},
		{{"9223372036854775808"}, "2^63-1"},
		{{"1-9223372036854775808"}, "2^63-1"},
		{{"0x8000000000000000"}, "2^63-1"},
		{{"0xffffffffffffffff"}, "2^63-1"},
		{{"18446744073709551616"}, "beyond the largest address"},
		{{"0G"}, "size 0"},
		{{"0.0M"}, "size 0"},
		{{"0.3K"}, "no whole number of bytes"},
		{{"8192P"}, "too large"},
		{{"4Q"}, "unknown suffix"},
		{{"1G", "2G"}, "two sizes"},
		{{"node:"}, "not a NUMA node"},
		{{"node:-1"}, "not a NUMA node"},
		{{"node:x"}, "not a NUMA node"},
		{{"node:4096"}, "not a NUMA node"},
		{{"zone:"}, "is not a zone"},
		{{"zone:none"}, "is not a zone"},
		{{"zone:lunch"}, "movable, kernel"},
		{{"device:"}, "names no device"},
		{{"4G", "zone:lunch"}, "is not a zone"},
	};
	for (const auto &[words, why] : cases) {
		const auto target = parse_target(words);
		const auto shown = words.empty() ? "(nothing)" : words.front();
		ASSERT_FALSE(target) << shown;
		EXPECT_NE(target.error().message.find(why), std::string::npos)
			<< shown << ": " << target.error().message;
		EXPECT_EQ(target.error().code, std::errc::invalid_argument) << shown;
	}
}

TEST(AddressRange, IsOneRangeOfAddresses)
{
	EXPECT_EQ(parse_address_range("0x1000-0x1fff"), (Target::Range{0x1000, 0x1fff}));
	EXPECT_EQ(parse_address_range("0X10-0X10"), (Target::Range{0x10, 0x10}));
	for (const auto *text : {"", "32-47", "0x1000", "0x1000-", "-0x1000", "0x1000-4095",
				 "0x2000-0x1fff", "0x-0x1", "0x1-0x2,0x3-0x4", "lunch"})
		EXPECT_FALSE(parse_address_range(text)) << text;
}

TEST(Consent, IsNeededForTheMachinesOwnMemory)
{
	const struct {
		Words words;
		bool needed;
	} cases[] = {
		{{"all"}, true},
		{{"node:0"}, true},
		{{"node:1", "node:0"}, true},
		{{"zone:kernel"}, true},
		{{"zone:normal"}, true},
		{{"zone:dma"}, true},
		{{"zone:dma32"}, true},
		{{"node:1"}, false},
		{{"zone:movable"}, false},
		{{"4G"}, false},
		{{"32-47"}, false},
		{{"0x100000000"}, false},
		{{"device:PNP0C80:00"}, false},
		{{"node:0", "4G"}, false},
		{{"all", "32"}, false},
		{{"all", "0x100000000"}, false},
		{{"node:0", "device:PNP0C80:00"}, false},
	};
	for (const auto &[words, needed] : cases)
		EXPECT_EQ(needs_consent(parsed(words)), needed) << words.front();
}

} // namespace
} // namespace memhp
