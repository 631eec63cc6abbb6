// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/event_text.h"

#include <array>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/units.h"

namespace memhp
{
namespace
{

std::string text_of(const Record &record, std::string_view key)
{
	return std::string(record.text(key).value_or(""));
}

std::string duration(const Record &record)
{
	const auto us = record.number("dur_us");
	return us ? format_microseconds(*us) : "";
}

std::string error_name(const Record &record)
{
	const auto error = record.number("err");
	if (!error || *error == 0)
		return "";
	const char *name = strerrorname_np(static_cast<int>(*error));
	return name ? name : fmt::format("{}", *error);
}

/// The task, and for a kernel worker what it was working on.
std::string requester(const Record &record)
{
	auto text = text_of(record, "comm");
	if (const auto pid = record.number("pid"))
		text += fmt::format("[{}]", *pid);
	if (const auto work = record.text("work"))
		text += fmt::format(" {}", *work);
	return text;
}

std::string time_of(const Record &record, const Clock &clock)
{
	const auto at = record.number("boot_ns");
	return at ? clock.text(*at) : "";
}

} // namespace

std::vector<Table::Column> event_columns()
{
	return {{"SEQ", true, 0, 2},
		{"TIME"},
		{"EVENT"},
		{"BLOCK", true},
		{"NODE", true, 0, 3},
		{"ZONE", false, 0, 4},
		{"DURATION", true},
		{"STAGE", false, 0, 5},
		{"ERROR", false, 0, 6},
		{"NODE-CHANGE", false, 0, 1},
		{"WHO", false, 16}};
}

std::vector<std::string> event_cells(const Record &record, const Clock &clock)
{
	if (record.text("event") == "lost")
		return {"",
			"",
			"lost",
			"",
			"",
			"",
			"",
			"",
			"",
			"",
			text_of(record, "count") + " records, overwritten before they were read"};
	return {text_of(record, "seq"),	  time_of(record, clock),
		text_of(record, "event"), text_of(record, "block"),
		text_of(record, "nid"),	  text_of(record, "zone"),
		duration(record),	  text_of(record, "stage"),
		error_name(record),	  text_of(record, "node_change"),
		requester(record)};
}

std::string event_line(const Record &record, const Clock &clock)
{
	if (record.text("event") == "lost")
		return fmt::format("lost {} records, overwritten before they were read",
				   text_of(record, "count"));
	auto line = fmt::format("{} {:<14}", time_of(record, clock), text_of(record, "event"));
	if (const auto block = record.text("block"))
		line += fmt::format(" block {}", *block);
	if (const auto node = record.text("nid"))
		line += fmt::format(" node {}", *node);
	if (const auto zone = record.text("zone"))
		line += fmt::format(" {}", *zone);
	if (const auto took = duration(record); !took.empty())
		line += fmt::format(" {}", took);
	if (const auto stage = record.text("stage"))
		line += fmt::format(" failed at {}", *stage);
	if (const auto error = error_name(record); !error.empty())
		line += fmt::format(" {}", error);
	if (const auto change = record.text("node_change"))
		line += fmt::format(" ({})", *change);
	if (const auto who = requester(record); !who.empty())
		line += fmt::format(" by {}", who);
	return line;
}

nlohmann::json event_json(const Record &record)
{
	constexpr std::array<std::string_view, 5> words = {"event", "zone", "comm", "work",
							   "node_change"};
	nlohmann::json object = nlohmann::json::object();
	for (const auto &[key, value] : record.fields()) {
		const auto number = record.number(key);
		const bool word = std::find(words.begin(), words.end(), key) != words.end();
		if (value == "-")
			object[key] = nullptr;
		else if (number && !word && key != "addr")
			object[key] = *number;
		else
			object[key] = value;
	}
	return object;
}

} // namespace memhp
