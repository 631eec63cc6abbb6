// SPDX-License-Identifier: GPL-2.0-only
#include "core/base/units.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t kib = 1024;
constexpr uint64_t mib = kib * 1024;
constexpr uint64_t gib = mib * 1024;
constexpr uint64_t tib = gib * 1024;

TEST(Size, ReadsANumberWithABinarySuffix)
{
	const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{"0", 0},
		{"1", 1},
		{"4096", 4096},
		{"7B", 7},
		{"1K", kib},
		{"1k", kib},
		{"128m", 128 * mib},
		{"512MiB", 512 * mib},
		{"512MB", 512 * mib},
		{"4G", 4 * gib},
		{"4.5G", 4 * gib + gib / 2},
		{"4.25G", 4 * gib + gib / 4},
		{"0.125K", 128},
		{"4.0", 4},
		{"2T", 2 * tib},
		{"3P", 3 * 1024 * tib},
		{"8191P", 8191 * 1024 * tib},
		{"9223372036854775807", 0x7fffffffffffffff},
	};
	for (const auto &[text, bytes] : cases) {
		const auto size = parse_size(text);
		ASSERT_TRUE(size) << text << ": " << size.error().message;
		EXPECT_EQ(*size, bytes) << text;
	}
}

TEST(Size, RefusesWhatIsNoSizeAndSaysWhy)
{
	const struct {
		const char *text;
		const char *why;
	} cases[] = {
		{"", "is not a number"},
		{"-5", "is not a number"},
		{"+5", "is not a number"},
		{"G", "is not a number"},
		{".5G", "is not a number"},
		{" 5G", "is not a number"},
		{"0.3K", "no whole number of bytes"},
		{"1.5", "no whole number of bytes"},
		{"4.G", "no digit behind the point"},
		{"4.5.5G", "unknown suffix"},
		{"4X", "unknown suffix"},
		{"4 G", "unknown suffix"},
		{"4Gi", "unknown suffix"},
		{"4GG", "unknown suffix"},
		{"0x10", "unknown suffix"},
		{"4.0000G", "more than three decimals"},
		{"9223372036854775808", "too large"},
		{"18446744073709551615", "too large"},
		{"18446744073709551616", "too large"},
		{"99999999999999999999999G", "too large"},
		{"8192P", "too large"},
		{"8589934592G", "too large"},
		{"17179869184G", "too large"},
	};
	for (const auto &[text, why] : cases) {
		const auto size = parse_size(text);
		ASSERT_FALSE(size) << text << " gives " << *size;
		EXPECT_NE(size.error().message.find(why), std::string::npos)
			<< text << ": " << size.error().message;
		EXPECT_EQ(size.error().code, std::errc::invalid_argument);
	}
}

TEST(Size, IsShownWithTheLargestFittingSuffix)
{
	const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1023, "1023"},
		{1024, "1K"},
		{128 * mib, "128M"},
		{1536 * mib, "1.5G"},
		{2 * gib, "2G"},
		{gib + gib / 3, "1.3G"},
		{2 * tib, "2T"},
		{5 * 1024 * tib, "5P"},
		{4096 * 1024 * tib, "4096P"},
	};
	for (const auto &[bytes, text] : cases)
		EXPECT_EQ(format_size(bytes), text);
}

TEST(Size, SurvivesTheWayThroughText)
{
	for (const auto bytes : {uint64_t{1}, 128 * mib, 3 * gib, gib + gib / 2, 7 * tib})
		EXPECT_EQ(parse_size(format_size(bytes)).value_or(0), bytes);
}

TEST(Duration, ReadsNumbersWithUnitsAndTheirSums)
{
	const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"0s", 0},	   {"100ms", 100},	   {"2s", 2000},
		{"10m", 600'000},  {"1h", 3'600'000},	   {"2d", 172'800'000},
		{"1m30s", 90'000}, {"1h1m1s1ms", 3661001}, {"36600d", int64_t{36600} * 86'400'000},
	};
	for (const auto &[text, ms] : cases) {
		const auto span = parse_duration(text);
		ASSERT_TRUE(span) << text << ": " << span.error().message;
		EXPECT_EQ(span->count(), ms) << text;
	}
}

TEST(Duration, RefusesWhatIsNoDurationAndSaysWhy)
{
	const struct {
		const char *text;
		const char *why;
	} cases[] = {
		{"", "is empty"},
		{"5", "has no unit"},
		{"1m30", "has no unit"},
		{"-5s", "is not a number"},
		{"s", "is not a number"},
		{"1.5s", "unknown unit '.'"},
		{"1 s", "unknown unit ' s'"},
		{"1S", "unknown unit 'S'"},
		{"1min", "unknown unit 'min'"},
		{"36601d", "too long"},
		{"36600d1ms", "too long"},
		{"18446744073709551615d", "too long"},
		{"99999999999999999999s", "too long"},
	};
	for (const auto &[text, why] : cases) {
		const auto span = parse_duration(text);
		ASSERT_FALSE(span) << text;
		EXPECT_NE(span.error().message.find(why), std::string::npos)
			<< text << ": " << span.error().message;
	}
}

TEST(Duration, IsShownShort)
{
	const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0ms"},	   {350, "350ms"},	  {2000, "2s"},
		{2500, "2.5s"},	   {60'000, "1m"},	  {90'000, "1m30s"},
		{3'600'000, "1h"}, {3'661'000, "1h1m1s"}, {-350, "-350ms"},
	};
	for (const auto &[ms, text] : cases)
		EXPECT_EQ(format_duration(Time(ms)), text);
}

TEST(Exact, IsReadBackTheSame)
{
	const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{0, "0"},
		{1000, "1000"},
		{1024, "1K"},
		{1025, "1025"},
		{3ull << 29, "1536M"},
		{4ull << 30, "4G"},
		{5ull << 50, "5P"},
		{INT64_MAX, "9223372036854775807"},
	};
	for (const auto &[bytes, text] : sizes) {
		EXPECT_EQ(exact_size(bytes), text);
		EXPECT_EQ(parse_size(text).value(), bytes);
	}
	const struct {
		int64_t ms;
		const char *text;
	} spans[] = {
		{0, "0s"},	   {1, "1ms"},		{1500, "1s500ms"},
		{90'000, "1m30s"}, {90'000'000, "25h"}, {3'600'001, "1h1ms"},
	};
	for (const auto &[ms, text] : spans) {
		EXPECT_EQ(exact_duration(Time(ms)), text);
		EXPECT_EQ(parse_duration(text).value(), Time(ms));
	}
}

TEST(Number, TakesAllOfTheTextOrNothing)
{
	uint64_t value = 0;
	EXPECT_TRUE(parse_number("18446744073709551615", 10, value));
	EXPECT_EQ(value, UINT64_MAX);
	EXPECT_TRUE(parse_number("8000000", 16, value));
	EXPECT_EQ(value, 0x8000000u);
	for (const auto *text : {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "1x", "0x1"})
		EXPECT_FALSE(parse_number(text, 10, value)) << text;
	EXPECT_FALSE(parse_number("0x10", 16, value));
}

} // namespace
} // namespace memhp
