// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// What policy decides on as a whole: the blocks of a DIMM, of a virtio-mem or dax device. Blocks
/// without a device count as one where neighbours have the same source and node and are all online
/// or all not.
struct Device {
	std::string name; ///< empty where nobody names it
	Source source = Source::unknown;
	std::vector<Block> blocks; ///< ascending, never empty

	uint64_t size(uint64_t block_size) const { return blocks.size() * block_size; }
};

/// True where `next` is of the same device as `last`, and neither has one with a name.
bool continues(const Block &last, const Block &next);

/// True for memory that comes block by block: each is decided on by itself, as the kernel does.
bool grows(Source source);

/// All blocks by device, in the order of their lowest blocks. `blocks` ascending.
std::vector<Device> group_by_device(const std::vector<Block> &blocks);

} // namespace memhp
