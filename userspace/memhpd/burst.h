// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/memory/block.h"

namespace memhp
{

/// Blocks that came online one soon after the other, for one line of the log instead of one each.
class Burst
{
public:
	/// An attempt is about to be made.
	void begin(Time now);
	/// Onlined by memhpd.
	void onlined(uint64_t block, Zone zone, Time now) { ours_.note(block, zone), note(now); }
	/// Online when memhpd saw it first: by the kernel or another program.
	void found(uint64_t block, Zone zone, Time now) { found_.note(block, zone), note(now); }
	void failed(Time now) { ++failures_, note(now); }

	/// Worth a line of its own, once.
	void remark(std::string text, Time now) { remarks_.insert(std::move(text)), note(now); }
	/// Online in another zone than policy wants.
	void misplaced(uint64_t block, Zone zone, std::string_view wanted, std::string_view why,
		       Time now);

	/// The one that follows when this one is told of: attempts that have begun are in it.
	Burst next() const;

	/// When something happened last.
	Time last() const { return ended_; }

	/// What there is to say, a line each. `by_kernel`: it is the kernel that onlines here.
	std::vector<std::string> lines(uint64_t block_size, bool by_kernel) const;
	std::vector<std::string> warnings(uint64_t block_size) const;

private:
	struct Blocks {
		std::vector<uint64_t> numbers;
		std::map<Zone, size_t> zones;

		void note(uint64_t block, Zone zone)
		{
			numbers.push_back(block);
			++zones[zone];
		}
		std::string text(uint64_t block_size) const;
	};

	void note(Time now) { ended_ = now; }

	Time begun_{}; ///< the last time
	Time started_{};
	Time ended_{};
	Blocks ours_;
	Blocks found_;
	uint64_t failures_ = 0;
	std::set<std::string> remarks_;
	/// Blocks by "in zone Normal, not movable as policy wants it: why".
	std::map<std::string, std::set<uint64_t>> misplaced_;
};

} // namespace memhp
