// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/clock.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

namespace memhp
{
namespace
{

constexpr int64_t second_ns = 1'000'000'000;

int64_t read_clock(clockid_t clock)
{
	timespec now{};
	clock_gettime(clock, &now);
	return now.tv_sec * second_ns + now.tv_nsec;
}

} // namespace

std::string wall_clock(uint64_t boot_ns)
{
	const auto now = read_clock(CLOCK_REALTIME);
	const auto at = now - read_clock(CLOCK_BOOTTIME) + static_cast<int64_t>(boot_ns);
	const std::time_t seconds = at / second_ns;
	const std::time_t today = now / second_ns;
	std::tm then{};
	std::tm present{};
	localtime_r(&seconds, &then);
	localtime_r(&today, &present);

	std::array<char, 40> text{};
	const bool same_day = then.tm_yday == present.tm_yday && then.tm_year == present.tm_year;
	std::strftime(text.data(), text.size(), same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
	return fmt::format("{}.{:03}", text.data(), at % second_ns / 1'000'000);
}

} // namespace memhp
