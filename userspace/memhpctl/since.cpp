// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/since.h"

#include <ctime>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

constexpr int64_t second_ns = 1'000'000'000;
constexpr std::time_t day = 24 * 60 * 60;

/// `text` by a format of strptime(3), all of it, over what `time` has.
bool reads_as(const std::string &text, const char *format, std::tm &time)
{
	const char *end = strptime(text.c_str(), format, &time);
	return end && *end == '\0';
}

/// The time in seconds that the words of a clock name.
std::optional<std::time_t> parse_time(const std::string &text, std::time_t now)
{
	for (const auto *format : {"%H:%M:%S", "%H:%M"}) {
		std::tm time{};
		localtime_r(&now, &time);
		time.tm_sec = 0;
		if (!reads_as(text, format, time))
			continue;
		time.tm_isdst = -1;
		const auto at = mktime(&time);
		return at > now ? at - day : at;
	}
	for (const auto *format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
				   "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
		std::tm time{};
		if (!reads_as(text, format, time))
			continue;
		time.tm_isdst = -1;
		return mktime(&time);
	}
	return std::nullopt;
}

} // namespace

Result<uint64_t> parse_since(std::string_view text, const Clock &clock)
{
	const auto boot = clock.boot_now();
	const auto real = clock.real_now();
	const auto span = parse_duration(text);
	const auto time =
		span ? std::nullopt : parse_time(std::string(text), real.value_or(0) / second_ns);
	if (!span && !time)
		return fail_input(fmt::format("--since '{}' is no time; write it as 10m, 14:03, "
					      "2026-05-01 or '2026-05-01 14:03'",
					      text));
	if (!boot || !real)
		return fail_input("--since: this tree does not say when it was recorded");
	const auto ago = span ? std::chrono::nanoseconds(*span).count()
			      : *real - static_cast<int64_t>(*time) * second_ns;
	const auto at = static_cast<int64_t>(*boot) - ago;
	return static_cast<uint64_t>(std::max<int64_t>(at, 0));
}

} // namespace memhp
