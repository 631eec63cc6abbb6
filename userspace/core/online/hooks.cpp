// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/hooks.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/units.h"
#include "core/kernel/event.h"

namespace memhp
{
namespace
{

constexpr std::string_view prefix = "MEMHP_";

struct Amount {
	std::string_view name;
	uint64_t Totals::*bytes;
};

constexpr std::array<Amount, 4> amounts = {{
	{"MOVABLE", &Totals::movable},
	{"KERNEL", &Totals::kernel},
	{"OTHER", &Totals::other},
	{"OFFLINE", &Totals::offline},
}};

/// Printable and no white space, so that a line stays a line.
std::string escaped(std::string_view value)
{
	std::string text;
	for (const char c : value) {
		const auto byte = static_cast<unsigned char>(c);
		if (byte <= 0x20 || byte >= 0x7f || c == '\\')
			text += fmt::format("\\x{:02x}", byte);
		else
			text += c;
	}
	return text;
}

bool ends_with(std::string_view text, std::string_view end)
{
	return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

} // namespace

Variables environment(const Settled &settled)
{
	Variables variables;
	const auto add = [&](std::string_view name, std::string value) {
		variables.emplace_back(std::string(prefix) + std::string(name), std::move(value));
	};
	const std::pair<std::string_view, const Totals &> sides[] = {
		{"BEFORE", settled.before},
		{"AFTER", settled.after},
	};
	const auto pair = [&](std::string_view name, const auto &number_of) {
		for (const auto &[side, totals] : sides)
			add(fmt::format("{}_{}", name, side), fmt::format("{}", number_of(totals)));
	};
	pair("ONLINE", [](const Totals &totals) { return totals.online(); });
	for (const auto &[name, bytes] : amounts)
		pair(name, [bytes = bytes](const Totals &totals) { return totals.*bytes; });
	pair("BLOCKS", [&](const Totals &totals) {
		return settled.block_size ? totals.online() / settled.block_size : 0;
	});
	add("BLOCK_SIZE", fmt::format("{}", settled.block_size));
	add("CONFIG", settled.config);
	add("SETTLED_DIR", settled.directory);
	return variables;
}

Result<Settled> settled_from(const Variables &variables)
{
	std::string wrong;
	const auto text = [&](std::string_view name) -> std::string {
		const auto full = std::string(prefix) + std::string(name);
		for (const auto &[key, value] : variables)
			if (key == full)
				return value;
		if (wrong.empty())
			wrong = fmt::format("{} is missing", full);
		return {};
	};
	const auto number = [&](std::string_view name) {
		const auto value = text(name);
		uint64_t result = 0;
		if (wrong.empty() && !parse_number(value, 10, result))
			wrong = fmt::format("{}{} is '{}', which is no number", prefix, name,
					    value);
		return result;
	};
	Settled settled;
	for (const auto &[name, bytes] : amounts) {
		settled.before.*bytes = number(fmt::format("{}_BEFORE", name));
		settled.after.*bytes = number(fmt::format("{}_AFTER", name));
	}
	settled.block_size = number("BLOCK_SIZE");
	settled.config = text("CONFIG");
	settled.directory = text("SETTLED_DIR");
	if (!wrong.empty())
		return fail_input(std::move(wrong));
	return settled;
}

std::string to_lines(const Variables &variables)
{
	std::string text;
	for (const auto &[name, value] : variables)
		text += fmt::format("{}={}\n", name, escaped(value));
	return text;
}

Result<Variables> parse_lines(std::string_view text)
{
	std::string line(text);
	std::replace(line.begin(), line.end(), '\n', ' ');
	const auto record = Record::parse(line);
	if (!record)
		return fail(record.error());
	for (const auto &[name, value] : record->fields())
		if (name.substr(0, prefix.size()) != prefix)
			return fail_input(fmt::format("'{}' does not begin with {}", name, prefix));
	return record->fields();
}

bool is_hook_name(std::string_view name)
{
	if (name.empty() || name.front() == '.' || name.front() == '#')
		return false;
	for (const std::string_view end :
	     {"~", ".bak", ".orig", ".old", ".rej", ".swp", ".tmp", ".disabled"})
		if (ends_with(name, end))
			return false;
	for (const std::string_view part : {".dpkg-", ".rpm", ".ucf-"})
		if (name.find(part) != std::string_view::npos)
			return false;
	return true;
}

} // namespace memhp
