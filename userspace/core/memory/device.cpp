// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/device.h"

#include <map>

namespace memhp
{
bool continues(const Block &last, const Block &next)
{
	return last.device.empty() && next.device.empty() && next.number == last.number + 1 &&
	       next.source == last.source && next.node == last.node &&
	       (next.state == BlockState::online) == (last.state == BlockState::online);
}

bool grows(Source source)
{
	return source == Source::virtio_mem || source == Source::hv_balloon ||
	       source == Source::xen_balloon;
}

std::vector<Device> group_by_device(const std::vector<Block> &blocks)
{
	std::vector<Device> devices;
	std::map<std::string, size_t> named;
	size_t last = 0; ///< the device of the block before; neighbours are one's, mostly

	for (const auto &block : blocks) {
		if (!block.device.empty()) {
			if (devices.empty() || devices[last].name != block.device) {
				const auto [known, first] =
					named.try_emplace(block.device, devices.size());
				if (first)
					devices.push_back({block.device, block.source, {}});
				last = known->second;
			}
			devices[last].blocks.push_back(block);
		} else {
			if (devices.empty() || !continues(devices.back().blocks.back(), block))
				devices.push_back({"", block.source, {}});
			devices.back().blocks.push_back(block);
		}
	}
	return devices;
}

} // namespace memhp
