// SPDX-License-Identifier: GPL-2.0-only
#include "core/block.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace memhp
{
namespace
{

template <typename T> using Name = std::pair<T, std::string_view>;

constexpr std::array<Name<BlockState>, 5> state_names = {{
	{BlockState::unknown, "unknown"},
	{BlockState::offline, "offline"},
	{BlockState::going_online, "going-online"},
	{BlockState::online, "online"},
	{BlockState::going_offline, "going-offline"},
}};

constexpr std::array<Name<Zone>, 6> zone_names = {{
	{Zone::none, "none"},
	{Zone::dma, "DMA"},
	{Zone::dma32, "DMA32"},
	{Zone::normal, "Normal"},
	{Zone::movable, "Movable"},
	{Zone::device, "Device"},
}};

constexpr std::array<Name<Source>, 7> source_names = {{
	{Source::unknown, "unknown"},
	{Source::boot, "boot"},
	{Source::acpi_dimm, "acpi-dimm"},
	{Source::virtio_mem, "virtio-mem"},
	{Source::dax_kmem, "dax-kmem"},
	{Source::hv_balloon, "hv-balloon"},
	{Source::xen_balloon, "xen-balloon"},
}};

constexpr std::array<Name<OnlineType>, 3> online_type_names = {{
	{OnlineType::by_default, "online"},
	{OnlineType::kernel, "online_kernel"},
	{OnlineType::movable, "online_movable"},
}};

template <typename Table, typename T> std::string_view name_of(const Table &table, T value)
{
	for (const auto &[key, name] : table)
		if (key == value)
			return name;
	return "unknown";
}

bool equal_ignoring_case(std::string_view a, std::string_view b)
{
	return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
		return std::tolower(static_cast<unsigned char>(x)) ==
		       std::tolower(static_cast<unsigned char>(y));
	});
}

} // namespace

std::string_view to_string(BlockState state) { return name_of(state_names, state); }
std::string_view to_string(Zone zone) { return name_of(zone_names, zone); }
std::string_view to_string(Source source) { return name_of(source_names, source); }
std::string_view to_string(OnlineType type) { return name_of(online_type_names, type); }

BlockState parse_block_state(std::string_view text)
{
	for (const auto &[state, name] : state_names)
		if (name == text)
			return state;
	return BlockState::unknown;
}

std::optional<Zone> parse_zone(std::string_view text)
{
	for (const auto &[zone, name] : zone_names)
		if (zone != Zone::none && equal_ignoring_case(name, text))
			return zone;
	return std::nullopt;
}

std::optional<OnlineType> parse_online_type(std::string_view text)
{
	for (const auto &[type, name] : online_type_names)
		if (name == text)
			return type;
	return std::nullopt;
}

bool is_kernel_zone(Zone zone)
{
	return zone == Zone::dma || zone == Zone::dma32 || zone == Zone::normal;
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
