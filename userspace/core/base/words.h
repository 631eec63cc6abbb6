// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memhp
{

/// The words that people and files use for the values of an enum.
template <typename T, size_t n> using Words = std::array<std::pair<T, std::string_view>, n>;

template <typename T, size_t n>
constexpr std::string_view word_for(const Words<T, n> &words, std::type_identity_t<T> value)
{
	for (const auto &[key, word] : words)
		if (key == value)
			return word;
	return "unknown";
}

template <typename T, size_t n>
constexpr std::optional<T> value_of(const Words<T, n> &words, std::string_view text)
{
	for (const auto &[key, word] : words)
		if (word == text)
			return key;
	return std::nullopt;
}

/// For messages: "a", "b" or "c", in quotes.
template <typename T, size_t n> std::string list_of(const Words<T, n> &words)
{
	std::string list;
	for (size_t i = 0; i < n; ++i) {
		list += i == 0 ? "" : i + 1 < n ? ", " : " or ";
		list += '"' + std::string(words[i].second) + '"';
	}
	return list;
}

} // namespace memhp
