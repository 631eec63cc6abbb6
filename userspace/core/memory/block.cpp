// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/block.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace memhp
{
namespace
{

constexpr Words<BlockState, 5> state_words = {{
	{BlockState::unknown, "unknown"},
	{BlockState::offline, "offline"},
	{BlockState::going_online, "going-online"},
	{BlockState::online, "online"},
	{BlockState::going_offline, "going-offline"},
}};

constexpr Words<Zone, 6> zone_words = {{
	{Zone::none, "none"},
	{Zone::dma, "DMA"},
	{Zone::dma32, "DMA32"},
	{Zone::normal, "Normal"},
	{Zone::movable, "Movable"},
	{Zone::device, "Device"},
}};

constexpr Words<OnlineType, 3> online_type_words = {{
	{OnlineType::by_default, "online"},
	{OnlineType::kernel, "online_kernel"},
	{OnlineType::movable, "online_movable"},
}};

bool equal_ignoring_case(std::string_view a, std::string_view b)
{
	return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
		return std::tolower(static_cast<unsigned char>(x)) ==
		       std::tolower(static_cast<unsigned char>(y));
	});
}

} // namespace

std::string_view to_string(BlockState state) { return word_for(state_words, state); }
std::string_view to_string(Zone zone) { return word_for(zone_words, zone); }
std::string_view to_string(Source source) { return word_for(source_words, source); }
std::string_view to_string(OnlineType type) { return word_for(online_type_words, type); }

BlockState parse_block_state(std::string_view text)
{
	return value_of(state_words, text).value_or(BlockState::unknown);
}

std::optional<Zone> parse_zone(std::string_view text)
{
	for (const auto &[zone, name] : zone_words)
		if (zone != Zone::none && equal_ignoring_case(name, text))
			return zone;
	return std::nullopt;
}

std::optional<OnlineType> parse_online_type(std::string_view text)
{
	return value_of(online_type_words, text);
}

bool is_kernel_zone(Zone zone)
{
	return zone == Zone::dma || zone == Zone::dma32 || zone == Zone::normal;
}

bool right_zone(OnlineType type, Zone zone)
{
	switch (type) {
	case OnlineType::movable:
		return zone == Zone::movable;
	case OnlineType::kernel:
		return is_kernel_zone(zone);
	case OnlineType::by_default:
		break;
	}
	return true;
}

std::string format_ranges(const std::vector<uint64_t> &numbers)
{
	std::string text;
	for (size_t i = 0; i < numbers.size();) {
		size_t last = i;
		while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1)
			++last;
		if (!text.empty())
			text += ',';
		text += last == i ? fmt::format("{}", numbers[i])
				  : fmt::format("{}-{}", numbers[i], numbers[last]);
		i = last + 1;
	}
	return text;
}

} // namespace memhp
