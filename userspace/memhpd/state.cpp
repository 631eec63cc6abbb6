// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/state.h"

#include <array>
#include <iterator>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/base/units.h"
#include "memhpd/saved_document.h"
#include "system/base/fd.h"

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

void read_block(const json &item, std::map<uint64_t, Ledger::Entry> &blocks)
{
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
	blocks.emplace(item.at("block").get<uint64_t>(), std::move(entry));
}

Result<void> read_rest(const json &document, SavedState &state)
{
	for (const auto &item : document.at("settings")) {
		const auto name = item.at("setting").get<std::string>();
		const auto setting = value_of(kernel_setting_words, name);
		if (!setting)
			return fail_input(fmt::format("no setting '{}'", name));
		auto &held = state.settings[*setting];
		item.at("found").get_to(held.found);
		item.at("ours").get_to(held.ours);
	}
	for (const auto &item : document.at("dax")) {
		const auto type = parse_online_type(item.at("type").get<std::string>());
		if (!type)
			return fail_input("no online type");
		state.dax.emplace(item.at("device").get<std::string>(), *type);
	}
	for (const auto &item : document.value("moving", json::array()))
		state.moving.emplace(item.at(0).get<uint64_t>(), item.at(1).get<uint64_t>());
	return {};
}

/// A string as JSON, and what it was made of: neighbours are what they are for the same reason.
struct Quoted {
	std::string plain;
	std::string json = R"("")";

	const std::string &of(const std::string &wanted)
	{
		if (wanted != plain) {
			plain = wanted;
			json = nlohmann::json(wanted).dump();
		}
		return json;
	}
};

void write_block(std::string &text, uint64_t number, const Ledger::Entry &entry, Quoted &why)
{
	const char *name = "";
	for (const auto &[standing, word] : standings)
		if (standing == entry.standing)
			name = word;
	fmt::format_to(std::back_inserter(text),
		       R"({{"block":{},"inode":{},"online":{},"since_ms":{},"standing":"{}")",
		       number, entry.inode, entry.online, entry.since.count(), name);
	if (!entry.why.empty())
		text.append(R"(,"why":)").append(why.of(entry.why));
	if (entry.zone_by != Ledger::Chooser::nobody)
		fmt::format_to(std::back_inserter(text), R"(,"zone_by":"{}")",
			       word_for(choosers, entry.zone_by));
	text += '}';
}

} // namespace

// The blocks are many: as one document they would take ten times the memory that they take here.
Result<std::optional<SavedState>> load_state(int dir, const std::string &path)
{
	SavedState state;
	std::string bad_block;
	constexpr int depth_of_items = 2;
	const auto take_blocks = [&](int depth, json::parse_event_t event, json &item) {
		if (depth != depth_of_items || event != json::parse_event_t::object_end ||
		    !item.contains("block"))
			return true;
		try {
			read_block(item, state.blocks);
		} catch (const json::exception &error) {
			bad_block = error.what();
		}
		return false;
	};
	const auto take = [&](const json &document) -> Result<void> {
		// All that are good have been taken.
		if (!bad_block.empty() || !document.at("blocks").empty())
			return fail_input("bad block: " + bad_block);
		return read_rest(document, state);
	};
	const auto read = read_saved(dir, path, version, take, take_blocks);
	if (!read)
		return fail(read.error());
	return *read ? std::optional(std::move(state)) : std::nullopt;
}

Result<void> save_state(int dir, const std::string &path, const SavedState &state,
			const std::map<uint64_t, Ledger::Entry> &blocks)
{
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
		moving.push_back({block, inode});
	constexpr size_t usual_block = 100;
	auto text = fmt::format(R"({{"version":{},"settings":{},"dax":{},"moving":{},"blocks":[)",
				version, settings.dump(), dax.dump(), moving.dump());
	text.reserve(text.size() + blocks.size() * usual_block);
	Quoted why;
	for (const auto &[number, entry] : blocks) {
		if (text.back() != '[')
			text += ',';
		write_block(text, number, entry, why);
	}
	text += "]}";
	return replace_file(dir, path, text);
}

} // namespace memhp
