// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/release.h"

#include <algorithm>
#include <tuple>

#include "core/base/units.h"

namespace memhp
{

bool older_than(std::string_view release, unsigned major, unsigned minor)
{
	const auto number = [&](uint64_t &value) {
		const auto end = std::min(release.find_first_not_of("0123456789"), release.size());
		const bool good = parse_number(release.substr(0, end), 10, value);
		release.remove_prefix(end);
		return good;
	};
	uint64_t first = 0;
	uint64_t second = 0;
	if (!number(first) || release.substr(0, 1) != ".")
		return false;
	release.remove_prefix(1);
	if (!number(second))
		return false;
	return std::make_tuple(first, second) < std::make_tuple<uint64_t, uint64_t>(major, minor);
}

} // namespace memhp
