// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/guard.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

constexpr uint64_t least_share = uint64_t{512} << 20;

} // namespace

Result<Amount> parse_amount(std::string_view text)
{
	if (!text.empty() && text.back() == '%') {
		uint64_t percent = 0;
		if (!parse_number(text.substr(0, text.size() - 1), 10, percent) || percent > 100)
			return fail_input(
				"must be a whole number from 0% to 100%, or a size as \"2G\"");
		return Amount{true, percent};
	}
	const auto bytes = parse_size(text);
	if (!bytes)
		return fail_input(bytes.error().message + ", or a part as 10%");
	return Amount{false, *bytes};
}

std::string to_string(const Amount &amount)
{
	return amount.percent ? fmt::format("{}%", amount.value) : exact_size(amount.value);
}

uint64_t bytes_of(const Amount &amount, uint64_t total)
{
	if (!amount.percent || amount.value == 0)
		return amount.value;
	// Not total * percent / 100: that may overflow.
	return std::max(total / 100 * amount.value + total % 100 * amount.value / 100, least_share);
}

double foreign_pressure(double all, double own)
{
	if (own >= 100 || all <= own)
		return 0;
	return (all - own) / (100 - own) * 100;
}

std::optional<Hold> forbids(const Limits &limits, const Result<Load> &load, uint64_t block_size)
{
	if (!load)
		return Hold{Hold::Why::unknown,
			    "how much memory is available cannot be read, " + load.error().message};
	const auto least = bytes_of(limits.min_free, load->total);
	const auto left = load->available > block_size ? load->available - block_size : 0;
	if (left < least)
		return Hold{Hold::Why::memory,
			    fmt::format("{} would stay available without the next block, "
					"min_free asks for {}",
					format_size(left), format_size(least))};
	const auto pressure = foreign_pressure(load->pressure.value_or(0), load->own_pressure);
	if (pressure > limits.max_pressure)
		return Hold{Hold::Why::pressure,
			    fmt::format("memory pressure is {:.0f} %, max_pressure {:.0f} %",
					pressure, limits.max_pressure)};
	return std::nullopt;
}

uint64_t room(const Limits &limits, const Load &load, uint64_t block_size)
{
	const auto least = bytes_of(limits.min_free, load.total);
	const auto spare = load.available > least ? load.available - least : 0;
	return std::max<uint64_t>(spare / block_size, 1);
}

} // namespace memhp
