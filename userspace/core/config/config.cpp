// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

std::string in_quotes(std::string_view text)
{
	std::string result = "\"";
	for (const char c : text) {
		if (c == '"' || c == '\\')
			result += fmt::format("\\{}", c);
		else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
			result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
		else
			result += c;
	}
	return result + '"';
}

} // namespace

std::string rule_key(size_t number) { return fmt::format("online.rule[{}]", number); }

std::vector<Setting> settings(const Config &config)
{
	const auto word = [](std::string_view text) { return std::string(text); };
	const auto &online = config.online;
	const auto &offline = config.offline;
	const auto &backoff = offline.backoff;

	Setting::Value hard_ratio = std::string("off");
	if (online.hard_ratio)
		hard_ratio = *online.hard_ratio;
	std::vector<std::string> assist;
	for (const auto one : offline.assist)
		assist.emplace_back(word_for(assist_words, one));

	return {
		{"online.action", word(to_string(online.action))},
		{"online.mode", word(word_for(online_mode_words, online.mode))},
		{"online.first_scan", word(word_for(first_scan_words, online.first_scan_online))},
		{"online.max_movable_ratio", online.max_movable_ratio},
		{"online.beyond_ratio", word(word_for(beyond_ratio_words, online.beyond_ratio))},
		{"online.hard_ratio", std::move(hard_ratio)},
		{"online.ratio_per_node", online.ratio_per_node},
		{"online.owner_grace", exact_duration(online.owner_grace)},
		{"online.defend", online.defend},
		{"online.rezone", online.rezone},
		{"online.borrow", online.borrow},
		{"offline.deadline", exact_duration(offline.deadline)},
		{"offline.attempt_deadline", exact_duration(offline.attempt_deadline)},
		{"offline.backoff.initial", exact_duration(backoff.initial)},
		{"offline.backoff.factor", backoff.factor},
		{"offline.backoff.max", exact_duration(backoff.max)},
		{"offline.backoff.jitter", backoff.jitter},
		{"offline.min_free", to_string(offline.limits.min_free)},
		{"offline.max_pressure", offline.limits.max_pressure},
		{"offline.assist", std::move(assist)},
		{"unplug.retry", config.unplug.retry},
		{"unplug.eject", config.unplug.eject},
		{"unplug.deadline", exact_duration(config.unplug.deadline)},
		{"metrics.textfile", config.metrics.textfile},
		{"hooks.settled", config.hooks.settled},
		{"hooks.interval", exact_duration(config.hooks.interval)},
	};
}

std::string to_toml(const Setting::Value &value)
{
	if (const auto *truth = std::get_if<bool>(&value))
		return *truth ? "true" : "false";
	if (const auto *number = std::get_if<double>(&value))
		return fmt::format("{}", *number);
	if (const auto *text = std::get_if<std::string>(&value))
		return in_quotes(*text);
	std::string list;
	for (const auto &item : std::get<std::vector<std::string>>(value))
		list += (list.empty() ? "" : ", ") + in_quotes(item);
	return "[" + list + "]";
}

std::vector<Contradiction> contradictions(const Config &config,
					  const std::set<std::string> &unusable)
{
	std::vector<Contradiction> found;
	const auto &online = config.online;
	const auto &backoff = config.offline.backoff;
	const auto add = [&](std::vector<std::string> keys, std::string message) {
		const bool usable =
			std::none_of(keys.begin(), keys.end(), [&](const std::string &key) {
				return unusable.count(key) != 0;
			});
		if (usable)
			found.push_back({std::move(keys), std::move(message)});
		return usable;
	};
	const auto rule = [&](size_t i) {
		return fmt::format("rule {} ({})", i + 1, describe(online.rules[i]));
	};

	if (online.hard_ratio && online.max_movable_ratio > *online.hard_ratio)
		add({"online.max_movable_ratio", "online.hard_ratio"},
		    fmt::format("max_movable_ratio ({}) is above hard_ratio ({}); lower it, or "
				"raise hard_ratio or set it to \"off\"",
				online.max_movable_ratio, *online.hard_ratio));
	if (backoff.initial > backoff.max)
		add({"offline.backoff.initial", "offline.backoff.max"},
		    fmt::format("backoff: initial ({}) is longer than max ({})",
				exact_duration(backoff.initial), exact_duration(backoff.max)));
	for (size_t later = 0; later < online.rules.size(); ++later)
		for (size_t earlier = 0; earlier < later; ++earlier)
			if (covers(online.rules[earlier], online.rules[later]) &&
			    add({rule_key(later + 1), rule_key(earlier + 1)},
				fmt::format("{} can never match: {} stands before it and matches "
					    "all of it; remove it, or put it first",
					    rule(later), rule(earlier))))
				break;
	return found;
}

} // namespace memhp
