// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>

#include <fmt/format.h>

#include "memhpctl/table.h"

namespace memhp
{

/// Memory of nodes, a row each: number, four sizes, and ratio_cell().
inline Table node_table()
{
	return Table({{"NODE", true},
		      {"KERNEL", true},
		      {"MOVABLE", true},
		      {"OTHER", true},
		      {"OFFLINE", true},
		      {"MOVABLE:KERNEL", true}});
}

/// "0.53"; without a ratio says why.
inline std::string ratio_cell(std::optional<double> ratio, bool has_movable)
{
	if (ratio)
		return fmt::format("{:.2f}", *ratio);
	return has_movable ? "no kernel memory" : "-";
}

} // namespace memhp
