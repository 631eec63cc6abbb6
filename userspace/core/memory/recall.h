// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// What the last look at the machine, and the uevents since then, tell of its blocks: the next look
/// need not read what nothing has happened to. Takes 24 bytes a block.
///
/// The kernel sends an event of each block that comes, goes, gets online or offline, before the
/// write that did it returns. As long as none is lost this is as good as a read.
class Recall
{
public:
	/// A look has told of all blocks; ascending.
	void fill(const std::vector<Block> &blocks);
	/// A block has come. It is offline until it is touched.
	void added(uint64_t block);
	/// Something else has happened to it: it has to be read.
	void touched(uint64_t block);
	/// Nothing is certain any more: all have to be read.
	void clear();

	/// The block with this number, in the life that has this inode: its state, and, where that
	/// is known too, zone, source and device. Source::unknown where the source has to be found.
	/// Nothing where the block has to be read.
	std::optional<Block> find(uint64_t number, uint64_t inode) const;

private:
	/// There may be a hundred thousand: what a Block has, without room for more.
	struct Known {
		uint64_t inode;
		uint32_t number; ///< physical addresses have 52 bits, and the smallest block has 24
		uint16_t device; ///< in devices_
		uint8_t state;
		uint8_t zone;
		uint8_t source;
	};
	static_assert(sizeof(Known) == 24);
	std::vector<Known>::const_iterator at(uint64_t number) const;

	std::vector<Known> blocks_; ///< ascending; unknown state: has to be read
	std::vector<std::string> devices_;
	std::set<uint64_t> added_;
};

} // namespace memhp
