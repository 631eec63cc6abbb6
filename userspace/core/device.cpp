// SPDX-License-Identifier: GPL-2.0-only
#include "core/device.h"

#include <map>

namespace memhp
{
namespace
{

bool continues(const Device &device, const Block &block)
{
	const auto &last = device.blocks.back();
	return device.name.empty() && block.number == last.number + 1 &&
	       block.source == last.source && block.node == last.node &&
	       (block.state == BlockState::online) == (last.state == BlockState::online);
}

} // namespace

std::vector<Device> group_by_device(const std::vector<Block> &blocks)
{
	std::vector<Device> devices;
	std::map<std::string, size_t> named;

	for (const auto &block : blocks) {
		if (!block.device.empty()) {
			const auto [known, first] = named.emplace(block.device, devices.size());
			if (first)
				devices.push_back({block.device, block.source, {}});
			devices[known->second].blocks.push_back(block);
		} else {
			if (devices.empty() || !continues(devices.back(), block))
				devices.push_back({"", block.source, {}});
			devices.back().blocks.push_back(block);
		}
	}
	return devices;
}

} // namespace memhp
