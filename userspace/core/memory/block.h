// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/words.h"

namespace memhp
{

/// State of a memory block as its sysfs file `state` words it.
enum class BlockState : uint8_t { unknown, offline, going_online, online, going_offline };

/// A kernel memory zone. `none`: no zone, or (for an online block) more than one.
enum class Zone : uint8_t { none, dma, dma32, normal, movable, device };

/// A few zones in their order, without memory of their own: a machine may have a block for each of
/// 100000s of them.
class ZoneList
{
public:
	ZoneList() = default;
	ZoneList(std::initializer_list<Zone> zones)
	{
		for (const auto zone : zones)
			push_back(zone);
	}

	/// A machine has no more zones than there is room for; one too many is left out.
	void push_back(Zone zone)
	{
		if (size_ < zones_.size())
			zones_[size_++] = zone;
	}
	const Zone *begin() const { return zones_.data(); }
	const Zone *end() const { return zones_.data() + size_; }
	size_t size() const { return size_; }
	bool empty() const { return size_ == 0; }
	bool operator==(const ZoneList &) const = default;

private:
	std::array<Zone, 6> zones_{};
	uint8_t size_ = 0;
};

/// What brought a block's memory into the machine.
enum class Source : uint8_t {
	unknown,
	boot,
	acpi_dimm,
	virtio_mem,
	dax_kmem,
	hv_balloon,
	xen_balloon
};

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
	Zone zone = Zone::none; ///< of an online block
	Source source = Source::unknown;
	ZoneList candidates;	 ///< of an offline block: zones it may go to, default first
	std::optional<int> node; ///< NUMA node; nothing where the kernel shows none or several
	uint64_t inode = 0;	 ///< of its sysfs directory; another one is another life
	std::string device;	 ///< PNP0C80:00, virtio0, dax0.0; empty where there is none
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
