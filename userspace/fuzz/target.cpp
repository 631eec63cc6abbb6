// SPDX-License-Identifier: GPL-2.0-only
// Words of a command line: targets, sizes, durations, shares. What is accepted is written back as
// the same, and names blocks that there are.
#include <set>

#include "core/base/units.h"
#include "core/memory/target.h"
#include "core/offline/guard.h"
#include "core/offline/select.h"
#include "input.h"

using namespace memhp;

namespace
{

constexpr uint64_t block_size = 1 << 27;

std::vector<Block> machine()
{
	std::vector<Block> blocks;
	constexpr uint64_t numbers[] = {0, 1, 2, 3, 32, 33, 34, 35, 40, 41};
	for (const auto number : numbers) {
		Block block;
		block.number = number;
		block.state = number == 34 ? BlockState::offline : BlockState::online;
		block.zone = number < 4 ? Zone::normal : Zone::movable;
		block.node = number < 40 ? 0 : 1;
		block.source = number < 4    ? Source::boot
			       : number < 40 ? Source::acpi_dimm
					     : Source::virtio_mem;
		block.device = number < 4 ? "" : number < 40 ? "PNP0C80:01" : "virtio0";
		blocks.push_back(std::move(block));
	}
	return blocks;
}

void try_target(std::string_view text)
{
	static const auto blocks = machine();
	std::vector<std::string> words;
	while (!text.empty()) {
		const auto word = text.substr(0, text.find('\n'));
		text.remove_prefix(std::min(word.size() + 1, text.size()));
		words.emplace_back(word);
	}
	const auto target = parse_target(words);
	if (!target)
		return;
	needs_consent(*target);
	if (const auto found = match(*target, blocks, block_size))
		require(!found->empty() && found->size() <= blocks.size());
	const auto selections = {select_online(*target, blocks, block_size, OnlineType::movable),
				 select_offline(*target, blocks, block_size, true),
				 select_offline(*target, blocks, block_size, false)};
	for (const auto &selection : selections) {
		if (!selection)
			continue;
		const std::set<uint64_t> once(selection->blocks.begin(), selection->blocks.end());
		require(once.size() == selection->blocks.size());
		require(selection->goal <= selection->blocks.size());
	}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto text = text_of(data, size);
	try_target(text);
	if (const auto bytes = parse_size(text))
		require(parse_size(exact_size(*bytes)) == *bytes);
	if (const auto span = parse_duration(text)) {
		require(*span >= Time{} && *span <= std::chrono::hours(24 * 366 * 100));
		require(parse_duration(exact_duration(*span)) == *span);
	}
	if (const auto amount = parse_amount(text)) {
		const auto again = parse_amount(to_string(*amount));
		require(again && again->percent == amount->percent &&
			again->value == amount->value);
	}
	return 0;
}
