// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/tally.h"

#include <algorithm>
#include <tuple>

#include "core/memory/device.h"

namespace memhp
{
namespace
{

auto key_of(const BlockKind &kind)
{
	return std::tie(kind.state, kind.zone, kind.source, kind.node, kind.device);
}

} // namespace

bool operator<(const BlockKind &one, const BlockKind &other) { return key_of(one) < key_of(other); }

BlockKind kind_of(const Block &block)
{
	return {block.state, block.zone, block.source, block.node, block.device};
}

bool is_of(const Block &block, const BlockKind &kind)
{
	return block.state == kind.state && block.zone == kind.zone &&
	       block.source == kind.source && block.node == kind.node &&
	       block.device == kind.device;
}

uint64_t Tally::blocks() const
{
	uint64_t sum = 0;
	for (const auto &[kind, count] : kinds)
		sum += count;
	return sum;
}

Tally tally_of(const std::vector<Block> &blocks)
{
	Tally tally;
	const Block *last = nullptr;
	uint64_t run = 0;
	auto kind = tally.kinds.end();
	for (const auto &block : blocks) {
		// Neighbours are alike, mostly.
		if (kind == tally.kinds.end() || !is_of(block, kind->first))
			kind = tally.kinds.try_emplace(kind_of(block), 0).first;
		++kind->second;
		if (!block.device.empty() || block.source == Source::boot || grows(block.source)) {
			last = nullptr;
			continue;
		}
		run = last && continues(*last, block) ? run + 1 : 1;
		tally.largest_nameless = std::max(tally.largest_nameless, run);
		last = &block;
	}
	return tally;
}

} // namespace memhp
