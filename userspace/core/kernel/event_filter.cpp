// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/event_filter.h"

#include <algorithm>

namespace memhp
{

bool EventFilter::passes(const Record &record) const
{
	if (record.text("event") == "lost")
		return true;
	if (since_ns && record.number("boot_ns").value_or(0) < *since_ns)
		return false;
	const auto block = record.number("block");
	const auto in = [&](const Target::Range &range) {
		return block && *block >= range.first && *block <= range.second;
	};
	if (!blocks.empty() && std::none_of(blocks.begin(), blocks.end(), in))
		return false;
	const auto node = record.number("nid");
	const auto is = [&](int wanted) { return node && *node == static_cast<uint64_t>(wanted); };
	return nodes.empty() || std::any_of(nodes.begin(), nodes.end(), is);
}

} // namespace memhp
