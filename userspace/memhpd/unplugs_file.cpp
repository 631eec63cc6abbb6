// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/unplugs_file.h"

#include <nlohmann/json.hpp>

#include "memhpd/saved_document.h"
#include "system/base/fd.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr int version = 1;

} // namespace

Result<SavedUnplugs> load_unplugs(int dir, const std::string &path)
{
	SavedUnplugs unplugs;
	const auto read = read_saved(dir, path, version, [&](const json &document) -> Result<void> {
		for (const auto &item : document.at("unplugs")) {
			auto &unplug = unplugs[item.at("device").get<std::string>()];
			unplug.asked = Time(item.at("asked_boot_ms").get<Time::rep>());
			for (const auto &block : item.at("taken")) {
				auto &origin = unplug.taken[block.at(0).get<uint64_t>()];
				const auto zone = parse_zone(block.at(1).get<std::string>());
				origin.zone = zone.value_or(Zone::none);
				block.at(2).get_to(origin.inode);
			}
		}
		return {};
	});
	if (!read)
		return fail(read.error());
	return unplugs;
}

Result<void> save_unplugs(int dir, const std::string &path, const SavedUnplugs &unplugs)
{
	json list = json::array();
	for (const auto &[device, unplug] : unplugs) {
		json taken = json::array();
		for (const auto &[block, origin] : unplug.taken)
			taken.push_back({block, to_string(origin.zone), origin.inode});
		list.push_back({{"device", device},
				{"asked_boot_ms", unplug.asked.count()},
				{"taken", std::move(taken)}});
	}
	const json document = {{"version", version}, {"unplugs", std::move(list)}};
	return replace_file(dir, path, document.dump());
}

} // namespace memhp
