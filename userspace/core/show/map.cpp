// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/map.h"

#include <algorithm>
#include <array>
#include <climits>

namespace memhp
{
namespace
{

constexpr size_t looks = static_cast<size_t>(Look::unknown) + 1;

/// By node, blocks of none last.
using ByNode = std::map<int, std::vector<const Block *>>;

ByNode by_node(const std::vector<Block> &blocks)
{
	ByNode nodes;
	for (const auto &block : blocks)
		nodes[block.node.value_or(INT_MAX)].push_back(&block);
	return nodes;
}

/// Counts the blocks of a cell, by their looks.
class Tally
{
public:
	void add(Look look) { ++counts_[static_cast<size_t>(look)]; }
	MemoryMap::Cell cell() const
	{
		const auto most = std::max_element(counts_.begin(), counts_.end());
		const auto kinds = std::count_if(counts_.begin(), counts_.end(),
						 [](uint64_t count) { return count > 0; });
		return {*most == 0 ? Look::none : static_cast<Look>(most - counts_.begin()),
			kinds <= 1};
	}

private:
	std::array<uint64_t, looks> counts_{};
};

std::vector<MemoryMap::Row> rows_of(const ByNode &nodes, size_t width, uint64_t blocks_per_cell)
{
	std::vector<MemoryMap::Row> rows;
	for (const auto &[node, blocks] : nodes) {
		std::vector<Tally> tallies;
		MemoryMap::Row row;
		const auto end_row = [&] {
			for (const auto &tally : tallies)
				row.cells.push_back(tally.cell());
			if (!tallies.empty())
				rows.push_back(std::move(row));
			tallies.clear();
			row = {};
		};
		for (const auto *block : blocks) {
			const auto cell = block->number / blocks_per_cell;
			if (!tallies.empty() && cell - row.first / blocks_per_cell >= width)
				end_row();
			if (tallies.empty()) {
				row.node = block->node;
				row.first = cell * blocks_per_cell;
			}
			tallies.resize(static_cast<size_t>(cell - row.first / blocks_per_cell + 1));
			tallies.back().add(look_of(*block));
		}
		end_row();
	}
	return rows;
}

} // namespace

Look look_of(const Block &block)
{
	switch (block.state) {
	case BlockState::offline:
		return Look::offline;
	case BlockState::going_online:
	case BlockState::going_offline:
		return Look::changing;
	case BlockState::unknown:
		return Look::unknown;
	case BlockState::online:
		break;
	}
	switch (block.zone) {
	case Zone::dma:
		return Look::dma;
	case Zone::dma32:
		return Look::dma32;
	case Zone::normal:
		return Look::normal;
	case Zone::movable:
		return Look::movable;
	case Zone::device:
		return Look::device;
	case Zone::none:
		break;
	}
	return Look::several;
}

MemoryMap lay_out(const std::vector<Block> &blocks, size_t width, size_t height,
		  std::optional<uint64_t> blocks_per_cell)
{
	MemoryMap map;
	for (const auto &block : blocks)
		++map.blocks[look_of(block)];
	const auto nodes = by_node(blocks);
	const auto last = blocks.empty() ? 0 : blocks.back().number;
	map.blocks_per_cell = blocks_per_cell.value_or(1);
	map.rows = rows_of(nodes, width, map.blocks_per_cell);
	// Once all is in the first cell nothing becomes shorter.
	while (!blocks_per_cell && map.rows.size() > height && map.blocks_per_cell <= last) {
		map.blocks_per_cell *= 2;
		map.rows = rows_of(nodes, width, map.blocks_per_cell);
	}
	return map;
}

std::vector<Stretch> stretches(const std::vector<Block> &blocks)
{
	std::vector<Stretch> result;
	for (const auto &[node, list] : by_node(blocks)) {
		for (const auto *block : list) {
			auto *open = result.empty() ? nullptr : &result.back();
			if (open && open->node == block->node && open->last + 1 == block->number &&
			    open->state == block->state && open->zone == block->zone)
				open->last = block->number;
			else
				result.push_back({block->node, block->number, block->number,
						  block->state, block->zone});
		}
	}
	return result;
}

} // namespace memhp
