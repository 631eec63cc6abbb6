// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/setter.h"

#include "core/base/units.h"

namespace memhp
{
namespace
{

constexpr int64_t max_node = 4095;

/// 1 counts as 1.0.
std::optional<double> number_of(const Node &node)
{
	if (const auto *whole = node.as<int64_t>())
		return static_cast<double>(*whole);
	const auto *number = node.as<double>();
	return number ? std::optional(*number) : std::nullopt;
}

/// False for NaN too.
bool within(std::optional<double> number, double least, double most)
{
	return number && *number >= least && *number <= most;
}

/// Hands a text to `parse`; `example` is for whoever wrote something else.
template <typename T>
Result<T> parsed(const Node &node, const char *example, Result<T> (*parse)(std::string_view))
{
	const auto *text = node.as<std::string>();
	if (!text)
		return must_be(fmt::format("a text in quotes, as \"{}\"", example));
	return parse(*text);
}

} // namespace

Setter set_bool(bool &target)
{
	return [&target](const Node &node) -> Result<void> {
		const auto *given = node.as<bool>();
		if (!given)
			return must_be("true or false");
		target = *given;
		return {};
	};
}

Setter set_number(double &target, double least, double most)
{
	return [&target, least, most](const Node &node) -> Result<void> {
		const auto given = number_of(node);
		if (!within(given, least, most))
			return must_be(fmt::format("a number from {} to {}", least, most));
		target = *given;
		return {};
	};
}

Setter set_number_or_off(std::optional<double> &target, double least, double most)
{
	return [&target, least, most](const Node &node) -> Result<void> {
		const auto *text = node.as<std::string>();
		const auto given = number_of(node);
		if (!(text && *text == "off") && !within(given, least, most))
			return must_be(
				fmt::format("a number from {} to {}, or \"off\"", least, most));
		target = given;
		return {};
	};
}

Setter set_duration(Time &target, Time least)
{
	return [&target, least](const Node &node) -> Result<void> {
		const auto given = parsed(node, "10s", parse_duration);
		if (!given)
			return fail(given.error());
		if (*given < least)
			return must_be("at least " + exact_duration(least));
		target = *given;
		return {};
	};
}

Setter set_size(uint64_t &target)
{
	return [&target](const Node &node) -> Result<void> {
		const auto given = parsed(node, "1G", parse_size);
		if (!given)
			return fail(given.error());
		if (*given == 0)
			return fail_input("a size of 0 says nothing; leave the key out");
		target = *given;
		return {};
	};
}

Setter set_amount(Amount &target)
{
	return [&target](const Node &node) -> Result<void> {
		const auto given = parsed(node, "10%", parse_amount);
		if (!given)
			return fail(given.error());
		target = *given;
		return {};
	};
}

Setter set_nodes(std::vector<int> &target)
{
	return [&target](const Node &node) -> Result<void> {
		const auto *list = node.as<Node::List>();
		const auto items = list ? *list : Node::List{node};
		if (items.empty())
			return fail_input("an empty list matches nothing; leave the key out");
		std::vector<int> given;
		for (const auto &item : items) {
			const auto *number = item.as<int64_t>();
			if (!number || *number < 0 || *number > max_node)
				return must_be(fmt::format("a NUMA node number from 0 to {}, or a "
							   "list of them as [2, 3]",
							   max_node));
			const auto one = static_cast<int>(*number);
			if (std::find(given.begin(), given.end(), one) != given.end())
				return fail_input(fmt::format("node {} stands there twice", one));
			given.push_back(one);
		}
		target = std::move(given);
		return {};
	};
}

Setter set_range(std::optional<Target::Range> &target)
{
	return [&target](const Node &node) -> Result<void> {
		const auto given = parsed(node, "0x100000000-0x1ffffffff", parse_address_range);
		if (!given)
			return fail(given.error());
		target = *given;
		return {};
	};
}

Setter set_path(std::string &target)
{
	return [&target](const Node &node) -> Result<void> {
		const auto *given = node.as<std::string>();
		if (!given || (!given->empty() && given->front() != '/'))
			return must_be("a path that begins with /, or \"\" for none");
		target = *given;
		return {};
	};
}

} // namespace memhp
