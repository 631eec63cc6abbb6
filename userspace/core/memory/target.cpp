// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/target.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

constexpr uint64_t max_number = std::numeric_limits<int64_t>::max();

bool starts_with(std::string_view text, std::string_view prefix)
{
	return text.substr(0, prefix.size()) == prefix;
}

/// One end of a block or address range.
Result<uint64_t> parse_end(std::string_view text, int base)
{
	uint64_t value = 0;
	const auto digits = base == 16 ? "0123456789abcdefABCDEF" : "0123456789";
	const bool number =
		!text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
	if (text.empty())
		return fail_input(
			"a number is missing; write 32, 32-47 or 0x100000000-0x17fffffff");
	if (!number)
		return fail_input(fmt::format("'{}' is not a number", text));
	if (!parse_number(text, base, value) || value > max_number)
		return fail_input(fmt::format("'{}' is beyond the largest address, 2^63-1", text));
	return value;
}

Result<Target::Range> parse_range(std::string_view text)
{
	const bool address = starts_with(text, "0x") || starts_with(text, "0X");
	const auto dash = text.find('-');
	auto first_text = text.substr(0, dash);
	auto last_text = dash == std::string_view::npos ? first_text : text.substr(dash + 1);

	for (auto *end : {&first_text, &last_text}) {
		const bool hex = starts_with(*end, "0x") || starts_with(*end, "0X");
		if (hex != address)
			return fail_input(fmt::format(
				"'{}' mixes a block number and an address; write 32-47 or 0x…-0x…",
				text));
		if (hex)
			end->remove_prefix(2);
		else if (starts_with(*end, "memory"))
			end->remove_prefix(6);
	}
	const auto first = parse_end(first_text, address ? 16 : 10);
	if (!first)
		return fail(first.error());
	const auto last = parse_end(last_text, address ? 16 : 10);
	if (!last)
		return fail(last.error());
	if (*last < *first)
		return fail_input(
			fmt::format("range '{}' is upside down; write the lower end first", text));
	return Target::Range{*first, *last};
}

Result<void> parse_word(std::string_view word, Target &target)
{
	if (word == "all") {
		target.all = true;
		return {};
	}
	if (starts_with(word, "node:")) {
		const auto text = word.substr(5);
		uint64_t node = 0;
		if (!parse_number(text, 10, node) || node > 4095)
			return fail_input(
				fmt::format("'{}' is not a NUMA node number; write node:1", text));
		target.nodes.push_back(static_cast<int>(node));
		return {};
	}
	if (starts_with(word, "zone:")) {
		const auto zone = parse_zone(word.substr(5));
		if (word.substr(5) == "kernel") {
			target.zones.insert(target.zones.end(),
					    {Zone::dma, Zone::dma32, Zone::normal});
			return {};
		}
		if (!zone)
			return fail_input(
				fmt::format("'{}' is not a zone; zones are movable, kernel, "
					    "normal, dma32, dma, device",
					    word.substr(5)));
		target.zones.push_back(*zone);
		return {};
	}
	if (starts_with(word, "device:")) {
		if (word.size() == 7)
			return fail_input("'device:' names no device; write device:PNP0C80:00");
		target.devices.emplace_back(word.substr(7));
		return {};
	}
	// "32-47", "32,40-47", "memory32" or "0x…-0x…"; a size is what is left.
	const bool blocks = word.find_first_not_of("0123456789,-") == std::string_view::npos ||
			    starts_with(word, "memory") || starts_with(word, "0x") ||
			    starts_with(word, "0X");
	if (word.empty() || word[0] == '-')
		return fail_input(
			fmt::format("'{}' is not a target; write a size (4G), blocks (32-47), "
				    "addresses (0x…-0x…), node:N, zone:Z, device:D or all",
				    word));
	if (!blocks) {
		if (word[0] < '0' || word[0] > '9')
			return fail_input(fmt::format("'{}' is not a target; write a size (4G), "
						      "blocks (32-47), addresses "
						      "(0x…-0x…), node:N, zone:Z, device:D or all",
						      word));
		const auto size = parse_size(word);
		if (!size)
			return fail(size.error());
		if (*size == 0)
			return fail_input(
				"size 0 asks for nothing; write the amount wanted, as 4G");
		if (target.bytes)
			return fail_input(
				fmt::format("two sizes in one target: {} and {}; write one",
					    format_size(*target.bytes), word));
		target.bytes = *size;
		return {};
	}
	for (size_t begin = 0; begin <= word.size();) {
		const auto comma = std::min(word.find(',', begin), word.size());
		const auto range = parse_range(word.substr(begin, comma - begin));
		if (!range)
			return fail(range.error());
		const auto part = word.substr(begin, 2);
		(part == "0x" || part == "0X" ? target.addresses : target.numbers)
			.push_back(*range);
		begin = comma + 1;
	}
	return {};
}

} // namespace

Result<Target> parse_target(const std::vector<std::string> &words)
{
	Target target;

	if (words.empty())
		return fail_input("no target given; write a size (4G), blocks (32-47), addresses "
				  "(0x…-0x…), node:N, zone:Z, device:D or all");
	for (const auto &word : words) {
		const auto parsed = parse_word(word, target);
		if (!parsed)
			return fail(parsed.error());
		target.text += (target.text.empty() ? "" : " ") + word;
	}
	return target;
}

Result<Target::Range> parse_address_range(std::string_view text)
{
	const bool hex = starts_with(text, "0x") || starts_with(text, "0X");
	if (!hex || text.find('-') == std::string_view::npos)
		return fail_input(fmt::format(
			"'{}' is no range of addresses; write it as 0x100000000-0x1ffffffff",
			text));
	return parse_range(text);
}

bool needs_consent(const Target &target)
{
	if (target.bytes || !target.numbers.empty() || !target.addresses.empty() ||
	    !target.devices.empty())
		return false;
	return target.all ||
	       std::find(target.nodes.begin(), target.nodes.end(), 0) != target.nodes.end() ||
	       std::any_of(target.zones.begin(), target.zones.end(), is_kernel_zone);
}

} // namespace memhp
