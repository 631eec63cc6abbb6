// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace memhp
{

/// One line of a file of memhp.ko: key=value fields in the order of the line. See memhp/abi.h.
class Record
{
public:
	/// Undoes the \xNN escapes. Fails on a field without '=', an empty key, a broken escape.
	static Result<Record> parse(std::string_view line);

	/// The value of `key`; nothing where the line has no such key or "-" for it.
	std::optional<std::string_view> text(std::string_view key) const;
	/// The same as a number, base 10 or 0x…; nothing for what is none.
	std::optional<uint64_t> number(std::string_view key) const;

	const std::vector<std::pair<std::string, std::string>> &fields() const { return fields_; }

private:
	std::vector<std::pair<std::string, std::string>> fields_;
};

} // namespace memhp
