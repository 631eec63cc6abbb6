// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/arrange.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "core/memory/order.h"

namespace memhp
{
namespace
{

/// The zone that an online of `type` will add `block` to, as far as sysfs tells.
Zone destination(const Block &block, OnlineType type)
{
	if (type == OnlineType::movable)
		return Zone::movable;
	for (const auto zone : block.candidates)
		if (type == OnlineType::by_default || is_kernel_zone(zone))
			return zone;
	return Zone::normal;
}

using Place = std::pair<int, Zone>;

/// Which blocks are ordered together, and what is online beside them.
struct Places {
	Change change;
	std::map<uint64_t, Place> of; ///< the chosen blocks
	std::map<Place, std::vector<uint64_t>> online;

	std::vector<uint64_t> arrange(const Place &place, std::vector<uint64_t> blocks) const
	{
		const auto present = online.find(place);
		const auto others =
			present == online.end() ? std::vector<uint64_t>() : present->second;
		return change == Change::online ? online_order(std::move(blocks), others)
						: offline_order(std::move(blocks), others);
	}
};

/// Numbers of the online blocks of each node and zone.
std::map<Place, std::vector<uint64_t>> online_by_place(const std::vector<Block> &blocks)
{
	std::map<Place, std::vector<uint64_t>> places;
	for (const auto &block : blocks)
		if (block.state == BlockState::online)
			places[{block.node.value_or(-1), block.zone}].push_back(block.number);
	return places;
}

/// The blocks of each place in its order. Where a block of a place stood, one of that place stands.
Arranged arrange(const std::vector<Block> &chosen, Places places)
{
	std::map<Place, std::vector<uint64_t>> groups;
	for (const auto &block : chosen)
		groups[places.of.at(block.number)].push_back(block.number);
	std::map<Place, size_t> used;
	for (auto &[place, blocks] : groups)
		blocks = places.arrange(place, std::move(blocks));
	Arranged result;
	for (const auto &block : chosen) {
		const auto &place = places.of.at(block.number);
		result.blocks.push_back(groups.at(place)[used[place]++]);
	}

	result.rearrange = [places = std::move(places)](uint64_t failed,
							const std::vector<uint64_t> &done,
							std::vector<uint64_t> rest) {
		const auto place = places.of.find(failed);
		const auto here = [&](uint64_t block) {
			const auto of = places.of.find(block);
			return of != places.of.end() && of->second == place->second;
		};
		// Once a block of the zone has gone the right way, the hole is there.
		if (place == places.of.end() || std::any_of(done.begin(), done.end(), here))
			return rest;
		std::vector<uint64_t> blocks;
		std::copy_if(rest.begin(), rest.end(), std::back_inserter(blocks), here);
		blocks = places.arrange(place->second, std::move(blocks));
		auto next = blocks.begin();
		for (auto &block : rest)
			if (here(block))
				block = *next++;
		return rest;
	};
	return result;
}

} // namespace

Arranged arrange_offline(const std::vector<Block> &chosen, const std::vector<Block> &all)
{
	Places places{Change::offline, {}, online_by_place(all)};
	for (const auto &block : chosen)
		places.of[block.number] = {block.node.value_or(-1), block.zone};
	return arrange(chosen, std::move(places));
}

Arranged arrange_online(const std::vector<Block> &chosen, const std::vector<Block> &all,
			OnlineType type)
{
	Places places{Change::online, {}, online_by_place(all)};
	auto sorted = chosen;
	for (const auto &block : chosen)
		places.of[block.number] = {block.node.value_or(-1), destination(block, type)};
	std::stable_sort(sorted.begin(), sorted.end(), [&](const Block &a, const Block &b) {
		return places.of.at(a.number) < places.of.at(b.number);
	});
	return arrange(sorted, std::move(places));
}

} // namespace memhp
