// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "system/memory/sysfs.h"
#include "system/offline/engine.h"
#include "system/offline/plan.h"

namespace memhp
{

/// Keeps the last memory of a node that somebody names (see read_claims()) right before it would go
/// offline: since the plan was made others may have taken what else there was, and somebody may
/// have come to name the node. As long as a node has more than a few blocks that costs a read of
/// its meminfo; a scan and a look at the claims when it comes to the last.
class LastMemory
{
public:
	/// `sysfs` must outlive this.
	LastMemory(const Sysfs &sysfs, const std::vector<Plan::Part> &parts);

	Permit ask(uint64_t block) const;

private:
	std::string refusal(uint64_t block, int node) const;

	const Sysfs &sysfs_;
	std::map<uint64_t, int> node_of_; ///< of each part that has one
	std::set<int> nodes_;
};

} // namespace memhp
