// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace memhp
{

/// A place in a file, both counted from 1.
struct Place {
	unsigned line = 0;
	unsigned column = 0;

	auto operator<=>(const Place &) const = default;
};

struct Member;

/// A value of a configuration file, in plain types: what the parser of the format hands over, so
/// that nothing else has to know it.
struct Node {
	using List = std::vector<Node>;
	using Table = std::vector<Member>;

	Place place;
	/// Nothing for types that no key of ours takes, such as dates.
	std::variant<std::monostate, bool, int64_t, double, std::string, List, Table> value;

	template <typename T> const T *as() const { return std::get_if<T>(&value); }
};

struct Member {
	std::string key;
	Place place; ///< of the key
	Node value;
};

} // namespace memhp
