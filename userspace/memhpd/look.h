// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"
#include "system/base/loop.h"
#include "system/memory/scan_in_parts.h"

namespace memhp
{

/// A complete look at all blocks in turns of the loop, each as short as others can wait, and only
/// when nobody else has anything to do.
class Look
{
public:
	/// Of a turn; it reads on until that is over.
	static constexpr Time usual_turn = std::chrono::milliseconds(2);

	/// `drain` delivers all uevents sent so far.
	Look(Loop &loop, const Sysfs &sysfs, std::function<void()> drain)
		: loop_(loop), sysfs_(sysfs), drain_(std::move(drain))
	{
	}

	using Done = std::function<void(const Result<std::vector<Block>> &)>;
	/// The numbers of all blocks, ascending; not what changes meanwhile. The rest as for
	/// begin().
	using Listed = std::function<void(const Result<std::vector<uint64_t>> &)>;
	void list(Listed listed);

	/// Begins with the first turn, which is the last one on a small machine; one that has begun
	/// is dropped. What `recall`, where given, knows is not read.
	void begin(const Recall *recall, Done done);
	void cancel();
	bool busy() const { return scan_ || list_; }

	/// Something has happened to this block, by an event or an own write.
	void touched(uint64_t block);
	/// Events were lost. A list is not begun anew.
	void lost();

	void set_turn(Time turn) { turn_ = turn; }

private:
	void turn();
	void list_turn();

	Loop &loop_;
	const Sysfs &sysfs_;
	std::function<void()> drain_;
	Time turn_ = usual_turn;
	std::optional<ScanInParts> scan_;
	Done done_;
	std::optional<ListInParts> list_;
	Listed listed_;
	Loop::Source source_;
};

} // namespace memhp
