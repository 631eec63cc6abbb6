// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/recall.h"

#include <algorithm>
#include <limits>
#include <map>

namespace memhp
{
namespace
{

constexpr auto unknown = static_cast<uint8_t>(BlockState::unknown);

} // namespace

void Recall::fill(const std::vector<Block> &blocks)
{
	clear();
	blocks_.reserve(blocks.size());
	std::map<std::string, uint16_t> known;
	for (const auto &block : blocks) {
		// A link to the device may yet come, and what is between two states changes soon.
		const bool steady = block.state == BlockState::offline ||
				    (block.state == BlockState::online && block.zone != Zone::none);
		if (!steady || (block.device.empty() && block.source != Source::boot))
			continue;
		if (devices_.size() > std::numeric_limits<uint16_t>::max() ||
		    block.number > std::numeric_limits<uint32_t>::max())
			break; // the rest is read
		const auto [device, first] =
			known.emplace(block.device, static_cast<uint16_t>(devices_.size()));
		if (first)
			devices_.push_back(block.device);
		blocks_.push_back({block.inode, static_cast<uint32_t>(block.number), device->second,
				   static_cast<uint8_t>(block.state),
				   static_cast<uint8_t>(block.zone),
				   static_cast<uint8_t>(block.source)});
	}
}

void Recall::added(uint64_t block)
{
	touched(block);
	added_.insert(block);
}

void Recall::touched(uint64_t block)
{
	added_.erase(block);
	if (const auto found = at(block); found != blocks_.end())
		blocks_[static_cast<size_t>(found - blocks_.begin())].state = unknown;
}

void Recall::clear()
{
	blocks_.clear();
	devices_.clear();
	added_.clear();
}

std::optional<Block> Recall::find(uint64_t number, uint64_t inode) const
{
	Block block;
	block.number = number;
	block.inode = inode;
	if (added_.count(number) != 0) {
		block.state = BlockState::offline;
		return block;
	}
	const auto found = at(number);
	if (found == blocks_.end() || found->inode != inode || found->state == unknown)
		return std::nullopt;
	block.state = static_cast<BlockState>(found->state);
	block.zone = static_cast<Zone>(found->zone);
	block.source = static_cast<Source>(found->source);
	block.device = devices_[found->device];
	return block;
}

std::vector<Recall::Known>::const_iterator Recall::at(uint64_t number) const
{
	const auto found = std::lower_bound(
		blocks_.begin(), blocks_.end(), number,
		[](const Known &one, uint64_t wanted) { return one.number < wanted; });
	return found != blocks_.end() && found->number == number ? found : blocks_.end();
}

} // namespace memhp
