// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/clock.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "core/kernel/event.h"
#include "system/base/fd.h"

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

Clock Clock::of(int root_fd)
{
	Clock clock;
	if (is_running_root(root_fd)) {
		clock.boot_now_ = static_cast<uint64_t>(read_clock(CLOCK_BOOTTIME));
		clock.real_now_ = read_clock(CLOCK_REALTIME);
		return clock;
	}
	const auto text = read_file(root_fd, collected_clock);
	const auto record = text ? Record::parse(*text) : fail(text.error());
	if (!record)
		return clock;
	const auto boot = record->number("boot_ns");
	const auto real = record->number("realtime_ns");
	if (boot && real) {
		clock.boot_now_ = *boot;
		clock.real_now_ = static_cast<int64_t>(*real);
	}
	return clock;
}

std::string Clock::record()
{
	return fmt::format("realtime_ns={} boot_ns={}\n", read_clock(CLOCK_REALTIME),
			   read_clock(CLOCK_BOOTTIME));
}

std::string Clock::text(uint64_t boot_ns) const
{
	if (!boot_now_ || !real_now_)
		return fmt::format("{:.3f}s after boot", static_cast<double>(boot_ns) / 1e9);
	const auto at = *real_now_ - static_cast<int64_t>(*boot_now_ - boot_ns);
	const std::time_t seconds = at / second_ns;
	const std::time_t today = *real_now_ / second_ns;
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
