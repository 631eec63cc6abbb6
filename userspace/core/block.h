// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/words.h"

namespace memhp
{

/// State of a memory block as its sysfs file `state` words it.
enum class BlockState { unknown, offline, going_online, online, going_offline };

/// A kernel memory zone. `none`: no zone, or (for an online block) more than one.
enum class Zone { none, dma, dma32, normal, movable, device };

/// What brought a block's memory into the machine.
enum class Source { unknown, boot, acpi_dimm, virtio_mem, dax_kmem, hv_balloon, xen_balloon };

inline constexpr Words<Source, 7> source_words = {{
	{Source::acpi_dimm, "acpi-dimm"},
	{Source::virtio_mem, "virtio-mem"},
	{Source::dax_kmem, "dax-kmem"},
	{Source::hv_balloon, "hv-balloon"},
	{Source::xen_balloon, "xen-balloon"},
	{Source::boot, "boot"},
	{Source::unknown, "unknown"},
}};

/// One memory block: the unit in which the kernel onlines and offlines memory.
struct Block {
	uint64_t number = 0; ///< the N of /sys/devices/system/memory/memoryN
	BlockState state = BlockState::unknown;
	Zone zone = Zone::none;	      ///< of an online block
	std::vector<Zone> candidates; ///< of an offline block: zones it may go to, default first
	std::optional<int> node;      ///< NUMA node; nothing where the kernel shows none or several
	uint64_t inode = 0;	      ///< of its sysfs directory; another one is another life
	Source source = Source::unknown;
	std::string device; ///< PNP0C80:00, virtio0, dax0.0; empty where there is none
};

/// An online of which kind: the words that `state` accepts.
enum class OnlineType { by_default, kernel, movable };

std::string_view to_string(BlockState state);
std::string_view to_string(Zone zone);
std::string_view to_string(Source source);
/// The value to write into `state`: "online", "online_kernel", "online_movable".
std::string_view to_string(OnlineType type);

BlockState parse_block_state(std::string_view text);
/// Zone names as the kernel writes them (DMA, DMA32, Normal, Movable, Device); case is ignored.
std::optional<Zone> parse_zone(std::string_view text);
/// "online" → by_default and so on; nothing for any other word.
std::optional<OnlineType> parse_online_type(std::string_view text);

/// Zones whose memory the kernel itself may use, so that offlining it is a matter of luck.
bool is_kernel_zone(Zone zone);

/// True where a block that was onlined as `type` belongs into this zone.
bool right_zone(OnlineType type, Zone zone);

/// Blocks as ranges of their numbers: "0-23,32-47". `numbers` ascending.
std::string format_ranges(const std::vector<uint64_t> &numbers);

} // namespace memhp
