// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/memory/totals.h"

namespace memhp
{

/// What the programs in settled.d get to know of a burst that has settled.
struct Settled {
	Totals before;
	Totals after;
	uint64_t block_size = 0; ///< bytes
	std::string config;	 ///< path of memhpd's configuration
	std::string directory;	 ///< of the programs
};

/// Names and values, in the order in which they are documented.
using Variables = std::vector<std::pair<std::string, std::string>>;

/// The environment of the programs: MEMHP_ONLINE_BEFORE and so on. Documentation/policy.md has the
/// list.
Variables environment(const Settled &settled);

/// The other way. Fails on a variable that is missing or whose value cannot be.
Result<Settled> settled_from(const Variables &variables);

/// A file of variables: NAME=value, one a line, white space and control characters as \xNN.
std::string to_lines(const Variables &variables);
/// Fails on a line that is none, and on a name that does not begin with MEMHP_: it would change
/// what the programs find or load.
Result<Variables> parse_lines(std::string_view text);

/// False for names that editors and package managers leave behind, and for hidden ones.
bool is_hook_name(std::string_view name);

} // namespace memhp
