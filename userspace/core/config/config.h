// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/document.h"
#include "core/offline/assist.h"
#include "core/offline/guard.h"
#include "core/offline/retry.h"
#include "core/online/mode.h"

namespace memhp
{

inline constexpr Words<BeyondRatio, 3> beyond_ratio_words = {{
	{BeyondRatio::warn, "warn"},
	{BeyondRatio::kernel, "kernel"},
	{BeyondRatio::offline, "offline"},
}};

inline constexpr Words<bool, 2> first_scan_words = {{
	{true, "online"},
	{false, "leave"},
}};

/// What memhpd.toml says; the defaults are those of an empty file.
struct Config {
	OnlinePolicy online;

	struct Offline {
		Time deadline = std::chrono::minutes(10);
		Time attempt_deadline = std::chrono::seconds(2);
		Backoff backoff;
		Limits limits;
		std::vector<Assist> assist;
	} offline;

	struct Unplug {
		bool retry = true;
		bool eject = true;
		Time deadline = std::chrono::minutes(10);
	} unplug;

	struct Metrics {
		std::string textfile; ///< empty: none
	} metrics;

	struct Hooks {
		std::string settled = "/etc/memhp/settled.d"; ///< empty: none
		Time interval = std::chrono::minutes(1);      ///< least time between two runs
	} hooks;

	/// Where the keys that the file has stand, by names as "offline.backoff.factor"; for rules
	/// see rule_key().
	std::map<std::string, Place> given;
};

/// The name of a rule, counted from 1: "online.rule[1]".
std::string rule_key(size_t number);

/// One key and what is in force. Sizes and durations are text, as the file has them.
struct Setting {
	using Value = std::variant<bool, double, std::string, std::vector<std::string>>;

	std::string key;
	Value value;
};

/// Every key but those of rules, in the order of the documentation.
std::vector<Setting> settings(const Config &config);

/// A value as TOML writes it.
std::string to_toml(const Setting::Value &value);

/// Keys that are good one by one and make no sense together.
struct Contradiction {
	std::vector<std::string> keys; ///< the first that the file has is where the mistake is
	std::string message;
};

/// `unusable` keys contradict nobody: what stands in for them is not what the file wants.
std::vector<Contradiction> contradictions(const Config &config,
					  const std::set<std::string> &unusable = {});

} // namespace memhp
