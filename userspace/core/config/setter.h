// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/document.h"
#include "core/base/result.h"
#include "core/config/config.h"

namespace memhp
{

/// Takes a value over into the variable that it was made for, which must outlive it. On a failure
/// the variable is as it was, and the message says what would be accepted.
using Setter = std::function<Result<void>(const Node &)>;

inline tl::unexpected<Error> must_be(const std::string &what)
{
	return fail_input("must be " + what);
}

Setter set_bool(bool &target);
/// `least` to `most`; a whole number will do.
Setter set_number(double &target, double least, double most);
/// The same, or "off" for nothing.
Setter set_number_or_off(std::optional<double> &target, double least, double most);
Setter set_duration(Time &target, Time least);
/// At least one byte.
Setter set_size(uint64_t &target);
/// "10%" or a size.
Setter set_amount(Amount &target);
/// One NUMA node number or a list of them.
Setter set_nodes(std::vector<int> &target);
/// "0x100000000-0x1ffffffff".
Setter set_range(std::optional<Target::Range> &target);
/// Absolute: memhpd runs in /, a relative path would be a surprise. Or empty.
Setter set_path(std::string &target);

template <typename T, size_t n> std::optional<T> word_of(const Node &node, const Words<T, n> &words)
{
	const auto *text = node.as<std::string>();
	return text ? value_of(words, *text) : std::nullopt;
}

/// `words` must outlive the setter. T may be an optional of the enum.
template <typename T, typename E, size_t n> Setter set_word(T &target, const Words<E, n> &words)
{
	return [&target, &words](const Node &node) -> Result<void> {
		const auto given = word_of(node, words);
		if (!given)
			return must_be(list_of(words));
		target = *given;
		return {};
	};
}

template <typename T, size_t n> Setter set_words(std::vector<T> &target, const Words<T, n> &words)
{
	return [&target, &words](const Node &node) -> Result<void> {
		const auto *list = node.as<Node::List>();
		if (!list)
			return must_be("a list of " + list_of(words));
		std::vector<T> given;
		for (const auto &item : *list) {
			const auto one = word_of(item, words);
			if (!one)
				return must_be("a list of " + list_of(words));
			if (std::find(given.begin(), given.end(), *one) != given.end())
				return fail_input(fmt::format("\"{}\" stands there twice",
							      word_for(words, *one)));
			given.push_back(*one);
		}
		target = std::move(given);
		return {};
	};
}

} // namespace memhp
