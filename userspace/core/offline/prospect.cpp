// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/prospect.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "core/memory/device.h"

namespace memhp
{
namespace
{

/// The greater, the sooner.
struct Prospect {
	bool movable = false;
	bool loose = false; ///< no page of it is held
	int thrift = 0;	    ///< the cost, negated
	uint64_t since = 0; ///< 0: since nobody knows when
	uint64_t top = 0;   ///< highest block of the device

	auto key() const { return std::tie(movable, loose, thrift, since, top); }
};

template <typename T> T found_or(const std::map<uint64_t, T> &map, uint64_t block, T otherwise)
{
	const auto found = map.find(block);
	return found == map.end() ? otherwise : found->second;
}

int thrift(const std::map<uint64_t, unsigned> &costs, uint64_t block)
{
	const auto cost = found_or<unsigned>(costs, block, std::numeric_limits<int>::max());
	return -static_cast<int>(cost);
}

/// Since when the whole of the device is online: a block of it that was off and on again says
/// nothing of the others.
uint64_t device_since(const Device &device, const Evidence &evidence)
{
	std::optional<uint64_t> since;
	for (const auto &block : device.blocks)
		if (block.state == BlockState::online)
			since = std::min(
				since.value_or(std::numeric_limits<uint64_t>::max()),
				found_or<uint64_t>(evidence.online_since, block.number, 0));
	return since.value_or(0);
}

} // namespace

std::vector<Block> by_prospect(std::vector<Block> blocks, const std::vector<Block> &all,
			       const Evidence &evidence)
{
	std::map<uint64_t, Prospect> prospects;
	for (const auto &device : group_by_device(all)) {
		Prospect prospect;
		prospect.since = device_since(device, evidence);
		prospect.top = device.blocks.back().number;
		for (const auto &block : device.blocks) {
			auto &own = prospects[block.number] = prospect;
			own.movable = block.zone == Zone::movable;
			own.loose = evidence.held.count(block.number) == 0;
			own.thrift = thrift(evidence.costs, block.number);
			if (own.movable)
				continue;
			own.since = found_or<uint64_t>(evidence.online_since, block.number, 0);
			own.top = block.number;
		}
	}
	std::sort(blocks.begin(), blocks.end(), [&](const Block &a, const Block &b) {
		const auto &first = prospects[a.number];
		const auto &second = prospects[b.number];
		return std::make_pair(first.key(), a.number) >
		       std::make_pair(second.key(), b.number);
	});
	return blocks;
}

std::vector<uint64_t> cheapest_first(std::vector<uint64_t> blocks, const Evidence &evidence,
				     const std::set<uint64_t> &kernel)
{
	const auto key = [&](uint64_t block) {
		return std::make_tuple(kernel.count(block), evidence.held.count(block),
				       -thrift(evidence.costs, block));
	};
	std::stable_sort(blocks.begin(), blocks.end(),
			 [&](uint64_t a, uint64_t b) { return key(a) < key(b); });
	return blocks;
}

} // namespace memhp
