// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/memory_view.h"

#include <utility>

namespace memhp
{
namespace
{

bool is_settled(BlockState state)
{
	return state == BlockState::online || state == BlockState::offline;
}

uint16_t bit_of(size_t place) { return static_cast<uint16_t>(1U << place); }

} // namespace

MemoryView::Kind *MemoryView::kind_at(uint64_t block) const
{
	const auto found = runs_.find(block / run);
	return found == runs_.end() ? nullptr : found->second.kinds[block % run];
}

MemoryView::Kind *MemoryView::known(const BlockKind &kind)
{
	return &*tally_.kinds.try_emplace(kind, 0).first;
}

void MemoryView::forget(Kind *kind)
{
	if (--kind->second == 0)
		tally_.kinds.erase(tally_.kinds.find(kind->first));
}

void MemoryView::put(uint64_t block, Kind *kind)
{
	auto *&place = runs_[block / run].kinds[block % run];
	// First the new one, which may be the old one.
	++kind->second;
	if (auto *before = std::exchange(place, kind))
		forget(before);
	else
		++blocks_;
}

void MemoryView::set_doubt(uint64_t block, bool doubt)
{
	auto &doubts = runs_[block / run].doubts;
	const auto bit = bit_of(block % run);
	if (((doubts & bit) != 0) == doubt)
		return;
	doubts ^= bit;
	doubt ? ++doubts_ : --doubts_;
}

void MemoryView::replace(const std::vector<Block> &blocks)
{
	runs_.clear();
	blocks_ = 0;
	doubts_ = 0;
	tally_ = tally_of(blocks);
	Kind *kind = nullptr;
	auto last = runs_.end();
	for (const auto &block : blocks) {
		if (!kind || !is_of(block, kind->first))
			kind = known(kind_of(block));
		if (last == runs_.end() || last->first != block.number / run)
			last = runs_.try_emplace(runs_.end(), block.number / run);
		last->second.kinds[block.number % run] = kind;
		++blocks_;
		if (!is_settled(block.state))
			set_doubt(block.number, true);
	}
}

void MemoryView::found(const Block &block)
{
	auto kind = kind_of(block);
	if (const auto *before = kind_at(block.number)) {
		kind.source = before->first.source;
		kind.device = before->first.device;
	}
	put(block.number, known(kind));
	set_doubt(block.number, !is_settled(block.state));
}

void MemoryView::changed(uint64_t block, BlockState state, Zone zone)
{
	const auto *before = kind_at(block);
	auto kind = before ? before->first : BlockKind();
	kind.state = state;
	kind.zone = zone;
	put(block, known(kind));
	// Nobody knows its node.
	if (!before)
		set_doubt(block, true);
}

void MemoryView::went(uint64_t block, BlockState state)
{
	const auto *before = kind_at(block);
	if (before && before->first.state == state)
		return;
	changed(block, state, Zone::none);
	if (state == BlockState::online)
		set_doubt(block, true);
}

void MemoryView::appeared(uint64_t block)
{
	// One that is known may have been announced by a coldplug, or be in a new life, with
	// another node.
	if (!kind_at(block))
		changed(block, BlockState::offline, Zone::none);
	set_doubt(block, true);
}

void MemoryView::vanished(uint64_t block)
{
	auto *before = kind_at(block);
	if (!before)
		return;
	set_doubt(block, false);
	runs_[block / run].kinds[block % run] = nullptr;
	--blocks_;
	forget(before);
}

std::vector<uint64_t> MemoryView::doubtful(size_t most) const
{
	std::vector<uint64_t> blocks;
	if (doubts_ == 0)
		return blocks;
	for (const auto &[number, one] : runs_)
		for (size_t place = 0; place < run && one.doubts >> place != 0; ++place) {
			if (blocks.size() == most)
				return blocks;
			if (one.doubts & bit_of(place))
				blocks.push_back(number * run + place);
		}
	return blocks;
}

} // namespace memhp
