// SPDX-License-Identifier: GPL-2.0-only
#include "core/base/units.h"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace memhp
{
namespace
{

constexpr uint64_t max_size = std::numeric_limits<int64_t>::max();

/// log2 of a binary suffix, -1 for none of them.
int suffix_shift(std::string_view suffix)
{
	if (suffix.empty() || suffix == "B" || suffix == "b")
		return 0;
	constexpr std::string_view letters = "KMGTP";
	const char letter = suffix[0] >= 'a' ? static_cast<char>(suffix[0] - 'a' + 'A') : suffix[0];
	const auto index = letters.find(letter);
	if (index == std::string_view::npos)
		return -1;
	const auto rest = suffix.substr(1);
	if (!rest.empty() && rest != "B" && rest != "iB" && rest != "ib" && rest != "b")
		return -1;
	return static_cast<int>(index + 1) * 10;
}

tl::unexpected<Error> bad_size(std::string_view text, std::string_view why)
{
	return fail_input(fmt::format("size '{}' {}; write it as 512M, 4G or 4.5G", text, why));
}

struct DurationUnit {
	std::string_view name;
	uint64_t ms;
};

constexpr std::array<DurationUnit, 5> duration_units = {{
	{"ms", 1},
	{"s", 1000},
	{"m", 60 * 1000},
	{"h", 60 * 60 * 1000},
	{"d", 24 * 60 * 60 * 1000},
}};

} // namespace

bool parse_number(std::string_view text, int base, uint64_t &value)
{
	const char *end = text.data() + text.size();
	const auto [at, error] = std::from_chars(text.data(), end, value, base);
	return error == std::errc() && at == end && !text.empty();
}

Result<uint64_t> parse_size(std::string_view text)
{
	const auto digits = text.find_first_not_of("0123456789");
	const auto whole_text = text.substr(0, digits);
	auto rest = digits == std::string_view::npos ? std::string_view() : text.substr(digits);

	std::string_view fraction;
	if (!rest.empty() && rest[0] == '.') {
		rest.remove_prefix(1);
		const auto end = rest.find_first_not_of("0123456789");
		fraction = rest.substr(0, end);
		rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
		if (fraction.empty())
			return bad_size(text, "has no digit behind the point");
	}
	if (whole_text.empty())
		return bad_size(text, "is not a number");

	const int shift = suffix_shift(rest);
	if (shift < 0)
		return bad_size(text, fmt::format("has an unknown suffix '{}'", rest));

	uint64_t whole = 0;
	if (!parse_number(whole_text, 10, whole) || whole > (max_size >> shift))
		return bad_size(text, "is too large");
	uint64_t bytes = whole << shift;

	// At most three decimals, so that the product stays far below 2^64: "4.5G" is exact, "0.3K"
	// is refused.
	if (fraction.size() > 3)
		return bad_size(text, "has more than three decimals");
	uint64_t numerator = 0;
	uint64_t denominator = 1;
	for (const char digit : fraction) {
		numerator = numerator * 10 + static_cast<uint64_t>(digit - '0');
		denominator *= 10;
	}
	const uint64_t part = (uint64_t{1} << shift) * numerator;
	if (part % denominator != 0)
		return bad_size(text, "is no whole number of bytes");
	bytes += part / denominator;
	if (bytes > max_size)
		return bad_size(text, "is too large");
	return bytes;
}

std::string format_size(uint64_t bytes)
{
	constexpr std::string_view letters = "BKMGTP";
	size_t index = 0;
	uint64_t unit = 1;
	while (index + 1 < letters.size() && bytes / unit >= 1024) {
		unit <<= 10;
		++index;
	}
	if (bytes % unit == 0)
		return index == 0 ? fmt::format("{}", bytes)
				  : fmt::format("{}{}", bytes / unit, letters[index]);
	const double value = static_cast<double>(bytes) / static_cast<double>(unit);
	return fmt::format("{:.1f}{}", value, letters[index]);
}

std::string exact_size(uint64_t bytes)
{
	constexpr std::string_view letters = "PTGMK";
	for (size_t i = 0; i < letters.size(); ++i) {
		const auto shift = (letters.size() - i) * 10;
		if (bytes > 0 && (bytes & ((uint64_t{1} << shift) - 1)) == 0)
			return fmt::format("{}{}", bytes >> shift, letters[i]);
	}
	return fmt::format("{}", bytes);
}

Result<Time> parse_duration(std::string_view text)
{
	const auto bad = [&](std::string_view why) {
		return fail_input(fmt::format("duration '{}' {}; write it as 100ms, 2s, 10m or 1h",
					      text, why));
	};
	uint64_t total = 0;
	auto rest = text;

	if (text.empty())
		return bad("is empty");
	while (!rest.empty()) {
		const auto digits = rest.find_first_not_of("0123456789");
		if (digits == 0)
			return bad("is not a number with a unit");
		if (digits == std::string_view::npos)
			return bad("has no unit");
		uint64_t value = 0;
		if (!parse_number(rest.substr(0, digits), 10, value))
			return bad("is too long");
		rest.remove_prefix(digits);

		const auto end = rest.find_first_of("0123456789");
		const auto name = rest.substr(0, end);
		rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);

		uint64_t factor = 0;
		for (const auto &unit : duration_units)
			if (unit.name == name)
				factor = unit.ms;
		if (factor == 0)
			return bad(fmt::format("has an unknown unit '{}'", name));
		// A century is enough for anybody, and keeps every later sum far from overflow.
		constexpr uint64_t longest = uint64_t{100} * 366 * 24 * 3600 * 1000;
		if (value > longest / factor || total + value * factor > longest)
			return bad("is too long");
		total += value * factor;
	}
	return Time(static_cast<Time::rep>(total));
}

std::string format_duration(Time span)
{
	auto ms = span.count();
	if (ms < 0)
		return "-" + format_duration(-span);
	if (ms < 1000)
		return fmt::format("{}ms", ms);
	if (ms < 60'000) {
		if (ms % 1000 == 0)
			return fmt::format("{}s", ms / 1000);
		return fmt::format("{:.1f}s", static_cast<double>(ms) / 1000);
	}
	const auto seconds = ms / 1000;
	std::string text;
	if (seconds >= 3600)
		text += fmt::format("{}h", seconds / 3600);
	if (seconds / 60 % 60 != 0)
		text += fmt::format("{}m", seconds / 60 % 60);
	if (seconds % 60 != 0)
		text += fmt::format("{}s", seconds % 60);
	return text;
}

std::string format_microseconds(uint64_t us)
{
	if (us < 1000)
		return fmt::format("{}us", us);
	if (us < 1'000'000)
		return fmt::format("{:.1f}ms", static_cast<double>(us) / 1e3);
	return fmt::format("{:.2f}s", static_cast<double>(us) / 1e6);
}

std::string exact_duration(Time span)
{
	auto ms = static_cast<uint64_t>(span.count());
	std::string text;
	for (auto unit = duration_units.rbegin(); unit != duration_units.rend(); ++unit) {
		// "1h30m", not "1d12h": nobody writes days.
		if (unit->name == "d")
			continue;
		if (ms >= unit->ms)
			text += fmt::format("{}{}", ms / unit->ms, unit->name);
		ms %= unit->ms;
	}
	return text.empty() ? "0s" : text;
}

bool worth_a_line(uint64_t count)
{
	while (count >= 10 && count % 10 == 0)
		count /= 10;
	return count == 1;
}

} // namespace memhp
