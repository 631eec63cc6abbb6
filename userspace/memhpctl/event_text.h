// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/kernel/event.h"
#include "memhpctl/clock.h"
#include "memhpctl/table.h"

namespace memhp
{

/// The columns of an event record for people, and its cells.
std::vector<Table::Column> event_columns();
std::vector<std::string> event_cells(const Record &record, const Clock &clock);

/// One line for a live stream.
std::string event_line(const Record &record, const Clock &clock);

/// The record as JSON: the module's keys, numbers as numbers, null for "-".
nlohmann::json event_json(const Record &record);

} // namespace memhp
