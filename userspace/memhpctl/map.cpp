// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/units.h"
#include "core/show/map.h"
#include "memhpctl/blocks.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// Rows that a map has at most, where the size of a cell is free.
constexpr size_t usual_height = 24;
/// Cells are in groups, to be counted.
constexpr size_t group = 8;

struct Ink {
	Look look;
	char letter;	    ///< of a cell that looks all so; in lower case of one that does mostly
	const char *colour; ///< SGR: a background and a foreground to be read on it
	const char *name;
};

constexpr std::array<Ink, 9> inks = {{
	{Look::dma, 'D', "46;30", "DMA"},
	{Look::dma32, 'L', "46;30", "DMA32"},
	{Look::normal, 'N', "44;37", "Normal"},
	{Look::movable, 'M', "42;30", "Movable"},
	{Look::device, 'X', "45;37", "Device"},
	{Look::several, 'S', "45;30", "several zones"},
	{Look::offline, 'O', "100;37", "offline"},
	{Look::changing, 'C', "43;30", "changing"},
	{Look::unknown, 'U', "41;37", "unknown"},
}};

std::string letter_of(const MemoryMap::Cell &cell, bool colour)
{
	const auto *ink = std::find_if(inks.begin(), inks.end(),
				       [&](const Ink &one) { return one.look == cell.look; });
	if (ink == inks.end())
		return ".";
	const char letter = cell.whole ? ink->letter : static_cast<char>(ink->letter | 0x20);
	return colour ? fmt::format("\033[{}m{}\033[0m", ink->colour, letter)
		      : std::string(1, letter);
}

/// What the letters mean and how much there is of it, in lines of at most `width`.
std::string legend(const MemoryMap &map, uint64_t block_size, const Terminal &terminal)
{
	bool mixed = false;
	bool hole = false;
	for (const auto &row : map.rows)
		for (const auto &cell : row.cells) {
			mixed |= !cell.whole;
			hole |= cell.look == Look::none;
		}
	std::string text;
	size_t at = 0;
	const auto add = [&](const std::string &mark, size_t mark_width, const std::string &what) {
		const auto width = mark_width + 1 + what.size();
		if (at > 0 && at + 3 + width > terminal.width) {
			text += '\n';
			at = 0;
		}
		text += (at > 0 ? "   " : "") + mark + ' ' + what;
		at += (at > 0 ? 3 : 0) + width;
	};
	for (const auto &ink : inks)
		if (const auto found = map.blocks.find(ink.look); found != map.blocks.end())
			add(letter_of({ink.look, true}, terminal.colour), 1,
			    fmt::format("{} {}", ink.name,
					format_size(found->second * block_size)));
	if (mixed)
		add("small letters:", 14, "most of the cell");
	if (hole)
		add(".", 1, "no memory");
	return text + '\n';
}

void print_map(const std::vector<Block> &blocks, uint64_t block_size,
	       std::optional<uint64_t> blocks_per_cell, const Terminal &terminal)
{
	const auto digits = fmt::format("{:x}", (blocks.back().number + 1) * block_size - 1).size();
	const auto label_of = [](const std::optional<int> &node) {
		return node ? fmt::format("node {}", *node) : std::string("no node");
	};
	size_t label_width = 0;
	for (const auto &block : blocks)
		label_width = std::max(label_width, label_of(block.node).size());
	const auto used = label_width + 2 + 2 + digits + 2;
	// The blank behind the last group is not there.
	const auto room = terminal.width > used ? terminal.width - used + 1 : 0;
	const auto width = std::max<size_t>(room / (group + 1), 1) * group;
	const auto map = lay_out(blocks, width, usual_height, blocks_per_cell);

	const auto cell_size = map.blocks_per_cell * block_size;
	fmt::print("{}, a cell is {}\n\n", format_size(blocks.size() * block_size),
		   map.blocks_per_cell == 1
			   ? fmt::format("a block of {}", format_size(block_size))
			   : fmt::format("{}, {} blocks of {}", format_size(cell_size),
					 map.blocks_per_cell, format_size(block_size)));
	std::string before;
	for (const auto &row : map.rows) {
		const auto label = label_of(row.node);
		auto line = fmt::format("{:<{}}  0x{:0{}x}  ", label == before ? "" : label,
					label_width, row.first * block_size, digits);
		before = label;
		for (size_t i = 0; i < row.cells.size(); ++i) {
			line += i > 0 && i % group == 0 ? " " : "";
			line += letter_of(row.cells[i], terminal.colour);
		}
		fmt::print("{}\n", line);
	}
	fmt::print("\n{}", legend(map, block_size, terminal));
}

void print_json(const std::vector<Block> &blocks, uint64_t block_size)
{
	json list = json::array();
	for (const auto &one : stretches(blocks))
		list.push_back({
			{"node", one.node ? json(*one.node) : json(nullptr)},
			{"address", fmt::format("0x{:x}", one.first * block_size)},
			{"size", (one.last - one.first + 1) * block_size},
			{"first_block", one.first},
			{"last_block", one.last},
			{"state", to_string(one.state)},
			{"zone",
			 one.zone == Zone::none ? json(nullptr) : json(to_string(one.zone))},
		});
	const json document = {{"block_size", block_size}, {"stretches", std::move(list)}};
	fmt::print("{}\n", json_text(document));
}

} // namespace

int verb_map(const Globals &globals, const MapOptions &options)
{
	const auto found = find_blocks(globals, options.target, {.origin = false, .inode = false});
	if (!found)
		return complain(found.error().error, found.error().status);
	const auto block_size = found->sysfs.block_size();
	std::optional<uint64_t> blocks_per_cell;
	if (options.cell) {
		if (*options.cell % block_size != 0)
			return complain(
				{{},
				 fmt::format("--cell {}: a cell is a whole number of "
					     "blocks, which have {} here",
					     format_size(*options.cell), format_size(block_size))},
				exit_usage);
		blocks_per_cell = *options.cell / block_size;
	}
	if (globals.json)
		print_json(found->blocks, block_size);
	else if (!found->blocks.empty())
		print_map(found->blocks, block_size, blocks_per_cell, terminal_of(STDOUT_FILENO));
	return exit_done;
}

} // namespace memhp
