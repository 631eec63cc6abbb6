// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/last_memory.h"

#include <algorithm>
#include <limits>

#include "core/offline/claims.h"
#include "core/offline/refusals.h"
#include "system/memory/room.h"
#include "system/offline/claims.h"

namespace memhp
{
namespace
{

/// An online that waits is kept waiting.
constexpr Time patience = std::chrono::milliseconds(250);

} // namespace

LastMemory::LastMemory(const Sysfs &sysfs, const std::vector<Plan::Part> &parts) : sysfs_(sysfs)
{
	for (const auto &part : parts) {
		if (part.node < 0)
			continue;
		node_of_[part.block] = part.node;
		nodes_.insert(part.node);
	}
}

Permit LastMemory::ask(uint64_t block) const
{
	const auto own = node_of_.find(block);
	Permit permit;
	permit.more = std::numeric_limits<size_t>::max();
	for (const auto node : nodes_) {
		const auto spare =
			spare_blocks(online_bytes(sysfs_.root_fd(), node), sysfs_.block_size());
		permit.more = std::min(permit.more, spare);
		if (spare == 0 && own != node_of_.end() && own->second == node)
			permit.refusal = refusal(block, node);
	}
	return permit;
}

std::string LastMemory::refusal(uint64_t block, int node) const
{
	Sysfs::Detail detail;
	detail.zone = detail.candidates = detail.origin = detail.inode = false;
	const auto blocks = sysfs_.scan(detail);
	if (!blocks || !takes_the_last(*blocks, block, node))
		return {};
	const auto claims = by_node(read_claims(sysfs_.root_fd(), patience).claims);
	const auto claim = claims.find(node);
	return claim != claims.end() ? named_by(node, claim->second) : "";
}

} // namespace memhp
