// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/event.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

Result<std::string> unescape(std::string_view text)
{
	std::string plain;
	plain.reserve(text.size());
	for (size_t i = 0; i < text.size(); ++i) {
		if (text[i] != '\\') {
			plain += text[i];
			continue;
		}
		uint64_t byte = 0;
		if (i + 3 >= text.size() || text[i + 1] != 'x' ||
		    !parse_number(text.substr(i + 2, 2), 16, byte))
			return fail_input(fmt::format("broken escape in '{}'", text));
		plain += static_cast<char>(byte);
		i += 3;
	}
	return plain;
}

} // namespace

Result<Record> Record::parse(std::string_view line)
{
	Record record;

	while (!line.empty() && line.back() == '\n')
		line.remove_suffix(1);
	while (!line.empty()) {
		const auto end = std::min(line.find(' '), line.size());
		const auto field = line.substr(0, end);
		line.remove_prefix(std::min(end + 1, line.size()));
		if (field.empty())
			continue;
		const auto equals = field.find('=');
		if (equals == std::string_view::npos || equals == 0)
			return fail_input(fmt::format("'{}' is no key=value field", field));
		auto value = unescape(field.substr(equals + 1));
		if (!value)
			return fail(value.error());
		record.fields_.emplace_back(std::string(field.substr(0, equals)),
					    std::move(*value));
	}
	if (record.fields_.empty())
		return fail_input("empty record");
	return record;
}

std::optional<std::string_view> Record::text(std::string_view key) const
{
	const auto found = std::find_if(fields_.begin(), fields_.end(),
					[&](const auto &field) { return field.first == key; });
	if (found == fields_.end() || found->second == "-")
		return std::nullopt;
	return std::string_view(found->second);
}

std::optional<uint64_t> Record::number(std::string_view key) const
{
	const auto value = text(key);
	if (!value)
		return std::nullopt;
	uint64_t number = 0;
	const bool hex = value->substr(0, 2) == "0x";
	if (!parse_number(hex ? value->substr(2) : *value, hex ? 16 : 10, number))
		return std::nullopt;
	return number;
}

} // namespace memhp
