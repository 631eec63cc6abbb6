// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/state.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/units.h"
#include "system/fd.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr int version = 2;

constexpr std::array<std::pair<Ledger::Standing, const char *>, 3> standings = {{
	{Ledger::Standing::fresh, "fresh"},
	{Ledger::Standing::handled, "handled"},
	{Ledger::Standing::deliberate, "deliberate"},
}};

constexpr Words<Ledger::Chooser, 3> choosers = {{
	{Ledger::Chooser::nobody, "nobody"},
	{Ledger::Chooser::policy, "policy"},
	{Ledger::Chooser::request, "request"},
}};

} // namespace

Result<std::optional<SavedState>> load_state(int dir, const std::string &path)
{
	const auto text = read_file(dir, path);
	if (!text && text.error().code == std::errc::no_such_file_or_directory)
		return std::optional<SavedState>();
	if (!text)
		return fail(text.error());
	try {
		const auto document = json::parse(*text);
		if (document.at("version") != version)
			return fail_input(fmt::format("{}: written by another version", path));
		SavedState state;
		for (const auto &item : document.at("settings")) {
			const auto name = item.at("setting").get<std::string>();
			const auto setting = value_of(kernel_setting_words, name);
			if (!setting)
				return fail_input(fmt::format("{}: no setting '{}'", path, name));
			auto &held = state.settings[*setting];
			item.at("found").get_to(held.found);
			item.at("ours").get_to(held.ours);
		}
		for (const auto &item : document.at("dax")) {
			const auto type = parse_online_type(item.at("type").get<std::string>());
			if (!type)
				return fail_input(fmt::format("{}: no online type", path));
			state.dax.emplace(item.at("device").get<std::string>(), *type);
		}
		for (const auto &item : document.value("moving", json::array()))
			state.moving.emplace(item.at("block").get<uint64_t>(),
					     item.at("inode").get<uint64_t>());
		for (const auto &item : document.at("blocks")) {
			Ledger::Entry entry;
			item.at("inode").get_to(entry.inode);
			item.at("online").get_to(entry.online);
			entry.since = Time(item.at("since_ms").get<Time::rep>());
			entry.why = item.value("why", "");
			entry.zone_by = value_of(choosers, item.value("zone_by", "nobody"))
						.value_or(Ledger::Chooser::nobody);
			for (const auto &[standing, name] : standings)
				if (item.at("standing") == name)
					entry.standing = standing;
			state.blocks.emplace(item.at("block").get<uint64_t>(), entry);
		}
		return std::optional<SavedState>(std::move(state));
	} catch (const json::exception &error) {
		return fail_input(fmt::format("{}: {}", path, error.what()));
	}
}

Result<void> save_state(int dir, const std::string &path, const SavedState &state)
{
	json blocks = json::array();
	for (const auto &[number, entry] : state.blocks) {
		const char *name = "";
		for (const auto &[standing, text] : standings)
			if (standing == entry.standing)
				name = text;
		json item = {{"block", number},
			     {"inode", entry.inode},
			     {"online", entry.online},
			     {"since_ms", entry.since.count()},
			     {"standing", name}};
		if (!entry.why.empty())
			item["why"] = entry.why;
		if (entry.zone_by != Ledger::Chooser::nobody)
			item["zone_by"] = word_for(choosers, entry.zone_by);
		blocks.push_back(std::move(item));
	}
	json settings = json::array();
	for (const auto &[setting, held] : state.settings)
		settings.push_back({{"setting", to_string(setting)},
				    {"found", held.found},
				    {"ours", held.ours}});
	json dax = json::array();
	for (const auto &[device, type] : state.dax)
		dax.push_back({{"device", device}, {"type", to_string(type)}});
	json moving = json::array();
	for (const auto &[block, inode] : state.moving)
		moving.push_back({{"block", block}, {"inode", inode}});
	const json document = {{"version", version},
			       {"settings", std::move(settings)},
			       {"blocks", std::move(blocks)},
			       {"dax", std::move(dax)},
			       {"moving", std::move(moving)}};
	return replace_file(dir, path, document.dump());
}

} // namespace memhp
