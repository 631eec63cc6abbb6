// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/select.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/base/units.h"
#include "core/offline/claims.h"
#include "core/offline/refusals.h"

namespace memhp
{
namespace
{

bool in_ranges(uint64_t value, const std::vector<Target::Range> &ranges)
{
	return std::any_of(ranges.begin(), ranges.end(), [&](const Target::Range &range) {
		return range.first <= value && value <= range.second;
	});
}

template <typename T> bool contains(const std::vector<T> &values, const T &value)
{
	return std::find(values.begin(), values.end(), value) != values.end();
}

std::vector<uint64_t> numbers_of(const std::vector<Block> &blocks)
{
	std::vector<uint64_t> numbers;
	numbers.reserve(blocks.size());
	for (const auto &block : blocks)
		numbers.push_back(block.number);
	return numbers;
}

/// Fails when a range that the user wrote holds no block at all, or cuts a block in two.
Result<void> check_ranges(const Target &target, const std::vector<Block> &blocks,
			  uint64_t block_size)
{
	const auto present = [&](uint64_t first, uint64_t last) {
		return std::any_of(blocks.begin(), blocks.end(), [&](const Block &block) {
			return first <= block.number && block.number <= last;
		});
	};
	for (const auto &[first, last] : target.numbers) {
		if (present(first, last))
			continue;
		const auto name = first == last
					  ? fmt::format("memory block {} does not exist", first)
					  : fmt::format("no memory block in {}-{}", first, last);
		return fail_input(
			fmt::format("{}; present: {}", name, format_ranges(numbers_of(blocks))));
	}
	for (const auto &[first, last] : target.addresses) {
		const auto low = first / block_size;
		const auto high = last / block_size;
		// A single address names the block that holds it.
		if (first != last && (first % block_size != 0 || (last + 1) % block_size != 0))
			return fail_input(
				fmt::format("0x{:x}-0x{:x} cuts a block in two; whole blocks "
					    "of {} would be 0x{:x}-0x{:x}",
					    first, last, format_size(block_size), low * block_size,
					    (high + 1) * block_size - 1));
		if (!present(low, high))
			return fail_input(
				fmt::format("no memory block at 0x{:x}-0x{:x}; present: {}", first,
					    last, format_ranges(numbers_of(blocks))));
	}
	return {};
}

Result<size_t> goal_of(const Target &target, size_t available, uint64_t block_size,
		       std::string_view state)
{
	if (!target.bytes)
		return available;
	if (*target.bytes % block_size != 0)
		return fail_input(fmt::format("{} is no multiple of the memory block size, {}",
					      format_size(*target.bytes), format_size(block_size)));
	const auto wanted = *target.bytes / block_size;
	if (wanted > available)
		return fail_input(fmt::format("{} asked for, but only {} of it is {}",
					      format_size(*target.bytes),
					      format_size(available * block_size), state));
	return static_cast<size_t>(wanted);
}

void append(std::vector<uint64_t> &to, const std::vector<uint64_t> &from)
{
	to.insert(to.end(), from.begin(), from.end());
}

/// Memory that the host takes back by itself.
bool hosted(const Block &block)
{
	return block.source == Source::virtio_mem || block.source == Source::hv_balloon ||
	       block.source == Source::xen_balloon;
}

/// True where `target` says that a hosted block is meant, and not only the place where it lies.
bool names(const Target &target, const Block &block)
{
	if (block.source == Source::virtio_mem)
		return !target.devices.empty();
	return !target.numbers.empty() || !target.addresses.empty();
}

std::vector<uint64_t> first_numbers(const std::vector<Block> &blocks, size_t count)
{
	return numbers_of({blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(count)});
}

/// Takes the last block of a node out of `chosen`.
void keep_one(std::vector<Block> &chosen, int node)
{
	const auto last = std::find_if(chosen.rbegin(), chosen.rend(),
				       [node](const Block &block) { return block.node == node; });
	chosen.erase(std::prev(last.base()));
}

/// Sees to it that no node loses its last memory that must not: `chosen`, of which the first `goal`
/// are wanted, loses a block of it. `all` are all blocks of the machine.
Result<void> spare_nodes(std::vector<Block> &chosen, size_t goal, const std::vector<Block> &all,
			 const std::map<int, std::string> &claims, Asker asker)
{
	for (;;) {
		const auto emptied = emptied_nodes(all, first_numbers(chosen, goal));
		const auto spared = std::find_if(emptied.begin(), emptied.end(),
						 [&](int node) { return claims.count(node) != 0; });
		if (spared == emptied.end())
			break;
		if (chosen.size() == goal)
			return fail_input(claimed(*spared, claims.at(*spared), asker));
		keep_one(chosen, *spared);
	}
	// Those that stand in for others take the last memory of no further node.
	const auto meant = emptied_nodes(all, first_numbers(chosen, goal));
	for (const auto node : emptied_nodes(all, numbers_of(chosen)))
		if (!contains(meant, node))
			keep_one(chosen, node);
	return {};
}

} // namespace

Choice choice_of(const Selection &selection, const std::vector<Block> &all)
{
	std::set<uint64_t> movable;
	for (const auto &block : all)
		if (block.zone == Zone::movable)
			movable.insert(block.number);
	Choice first;
	Choice second;
	for (const auto block : selection.blocks)
		(movable.count(block) != 0 ? first : second).blocks.push_back(block);
	first.goal = std::min(selection.goal, first.blocks.size());
	second.goal = selection.goal - first.goal;
	auto &contested = first.goal < first.blocks.size() ? first : second;
	return contested.goal == 0 || contested.goal == contested.blocks.size()
		       ? Choice()
		       : std::move(contested);
}

Result<std::vector<Block>> match(const Target &target, const std::vector<Block> &blocks,
				 uint64_t block_size)
{
	const auto ranges = check_ranges(target, blocks, block_size);
	if (!ranges)
		return fail(ranges.error());

	std::vector<Block> result;
	const bool numbered = !target.numbers.empty();
	const bool addressed = !target.addresses.empty();
	for (const auto &block : blocks) {
		const auto start = block.number * block_size;
		const auto holds = [&](const Target::Range &range) {
			return start <= range.second && range.first < start + block_size;
		};
		if (numbered && !in_ranges(block.number, target.numbers))
			continue;
		if (addressed &&
		    std::none_of(target.addresses.begin(), target.addresses.end(), holds))
			continue;
		if (!target.nodes.empty() && (!block.node || !contains(target.nodes, *block.node)))
			continue;
		if (!target.zones.empty() && !contains(target.zones, block.zone))
			continue;
		if (!target.devices.empty() && !contains(target.devices, block.device))
			continue;
		result.push_back(block);
	}
	if (result.empty())
		return fail_input(fmt::format("no memory block matches '{}'; see: memhpctl list",
					      target.text));
	return result;
}

std::vector<uint64_t> wanted(const Selection &selection)
{
	const auto count = std::min(selection.goal, selection.blocks.size());
	return {selection.blocks.begin(),
		selection.blocks.begin() + static_cast<std::ptrdiff_t>(count)};
}

Result<Selection> select_online(const Target &target, const std::vector<Block> &blocks,
				uint64_t block_size, OnlineType type)
{
	const auto matched = match(target, blocks, block_size);
	if (!matched)
		return fail(matched.error());

	Selection selection;
	std::vector<Block> offline;
	for (const auto &block : *matched) {
		if (block.state == BlockState::online)
			selection.already.push_back(block.number);
		else
			offline.push_back(block);
	}
	const auto goal = goal_of(target, offline.size(), block_size, "offline");
	if (!goal)
		return fail(goal.error());
	selection.goal = *goal;
	// The wanted amount in its order, then those that stand in for blocks that will not go.
	const auto middle = offline.begin() + static_cast<std::ptrdiff_t>(*goal);
	auto arranged = arrange_online({offline.begin(), middle}, blocks, type);
	selection.blocks = std::move(arranged.blocks);
	selection.rearrange = std::move(arranged.rearrange);
	append(selection.blocks, numbers_of({middle, offline.end()}));
	return selection;
}

Result<Selection> select_offline(const Target &target, const std::vector<Block> &blocks,
				 uint64_t block_size, bool force, const Evidence &evidence,
				 Asker asker)
{
	const auto matched = match(target, blocks, block_size);
	if (!matched)
		return fail(matched.error());

	Selection selection;
	std::vector<Block> online;
	std::vector<Block> left;
	std::vector<uint64_t> poisoned;
	for (const auto &block : *matched) {
		if (block.state == BlockState::offline)
			selection.already.push_back(block.number);
		else if (hosted(block) && (!force || !names(target, block)))
			left.push_back(block);
		else if (evidence.poisoned.count(block.number) != 0)
			poisoned.push_back(block.number);
		else
			online.push_back(block);
	}
	if (!poisoned.empty() && (!target.bytes || online.size() < *target.bytes / block_size))
		return fail_input(memhp::poisoned(poisoned, asker));
	if (online.empty() && !left.empty())
		return fail_input(left_to_host(left, asker));
	selection.left_to_host = numbers_of(left);
	const auto goal = goal_of(target, online.size(), block_size, "online");
	if (!goal)
		return fail(goal.error());
	selection.goal = *goal;
	online = by_prospect(std::move(online), blocks, evidence);
	if (!force) {
		const auto spared = spare_nodes(online, *goal, blocks, evidence.claimed, asker);
		if (!spared)
			return fail(spared.error());
	}
	const auto middle = online.begin() + static_cast<std::ptrdiff_t>(*goal);
	auto arranged = arrange_offline({online.begin(), middle}, blocks);
	selection.blocks = std::move(arranged.blocks);
	selection.rearrange = std::move(arranged.rearrange);
	append(selection.blocks, numbers_of({middle, online.end()}));
	return selection;
}

} // namespace memhp
