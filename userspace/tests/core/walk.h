// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace memhp
{

/// What set_zone_contiguous() costs: the kernel walks the zone's blocks from the zone's start to
/// the first hole or to its end, after each online and each offline.
class Walk
{
public:
	explicit Walk(const std::vector<uint64_t> &online) : online_(online.begin(), online.end())
	{
	}

	void online(uint64_t block)
	{
		online_.insert(block);
		pay();
	}
	void offline(uint64_t block)
	{
		online_.erase(block);
		pay();
	}
	size_t steps() const { return steps_; }

private:
	void pay()
	{
		if (online_.empty())
			return;
		for (auto at = *online_.begin(); online_.count(at); ++at)
			++steps_;
	}

	std::set<uint64_t> online_;
	size_t steps_ = 0;
};

} // namespace memhp
