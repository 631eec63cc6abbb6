// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/memory/block.h"
#include "core/memory/tally.h"

namespace memhp
{

/// All memory blocks as they are known from looks at them, from the kernel's events, and from own
/// writes; their tally is kept up to date by each. For reports, not for decisions: those look.
///
/// An event tells a block's state, and neither its zone nor its node. So the block is in doubt
/// until somebody looks at it.
class MemoryView
{
public:
	MemoryView() = default;
	// The blocks point to their kinds.
	MemoryView(const MemoryView &) = delete;
	MemoryView &operator=(const MemoryView &) = delete;

	/// Takes in a complete look, ascending. In doubt is then only what was just changing: a
	/// change that fails has no event.
	void replace(const std::vector<Block> &blocks);
	/// The same for one block: its state, zone and node. What it came from is as it was known.
	void found(const Block &block);
	/// An own write has brought it online in this zone, or offline.
	void changed(uint64_t block, BlockState state, Zone zone);

	/// By an event. One about a state that the block is known to be in already tells nothing.
	void went(uint64_t block, BlockState state);
	void appeared(uint64_t block);
	void vanished(uint64_t block);

	/// The first blocks in doubt, ascending, at most so many.
	std::vector<uint64_t> doubtful(size_t most) const;
	uint64_t doubts() const { return doubts_; }

	uint64_t blocks() const { return blocks_; }
	const Tally &tally() const { return tally_; }

private:
	using Kind = std::pair<const BlockKind, uint64_t>;
	/// Blocks come in runs: a few bytes each.
	static constexpr size_t run = 16;
	struct Run {
		std::array<Kind *, run> kinds{}; ///< nullptr: there is no such block
		uint16_t doubts = 0;		 ///< a bit for each
	};
	static_assert(run <= 16);

	Kind *kind_at(uint64_t block) const;
	Kind *known(const BlockKind &kind);
	void put(uint64_t block, Kind *kind);
	void forget(Kind *kind);
	void set_doubt(uint64_t block, bool doubt);

	std::map<uint64_t, Run> runs_; ///< by the number of their first block over `run`
	Tally tally_;
	uint64_t blocks_ = 0;
	uint64_t doubts_ = 0;
};

} // namespace memhp
