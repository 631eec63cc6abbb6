// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/config_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/config/setter.h"

namespace memhp
{
namespace
{

constexpr Time least_span = std::chrono::milliseconds(1);
constexpr double most_ratio = 1000;

/// A document on its way into a Config. Goes on after a mistake, to find the others.
class Reader
{
public:
	tl::expected<Config, std::vector<Mistake>> read(const Node &top);

private:
	using Keys = std::map<std::string_view, Setter>;

	/// A table of these keys. Mistakes in it are noted here, with their own places.
	Setter section(std::string name, Keys keys);
	Setter rules();
	Result<void> table(const Node &node, const std::string &name, const Keys &keys);
	void member(const Member &member, const std::string &name, const Keys &keys);
	void find_contradictions();

	Config config_;
	std::set<std::string> bad_; ///< keys whose values are not in config_
	std::vector<Mistake> mistakes_;
};

std::string known(const std::map<std::string_view, Setter> &keys)
{
	std::string text;
	for (const auto &[key, setter] : keys)
		text += (text.empty() ? "" : ", ") + std::string(key);
	return text;
}

void Reader::member(const Member &member, const std::string &name, const Keys &keys)
{
	const auto full = (name.empty() ? "" : name + ".") + member.key;
	const auto setter = keys.find(member.key);
	if (setter == keys.end()) {
		mistakes_.push_back({member.place,
				     fmt::format("unknown key '{}'{}; known are {}", member.key,
						 name.empty() ? "" : " in " + name, known(keys))});
		return;
	}
	const auto set = setter->second(member.value);
	if (set) {
		if (!member.value.as<Node::Table>())
			config_.given[full] = member.value.place;
		return;
	}
	bad_.insert(full);
	mistakes_.push_back(
		{member.value.place, fmt::format("{}: {}", member.key, set.error().message)});
}

Result<void> Reader::table(const Node &node, const std::string &name, const Keys &keys)
{
	const auto *members = node.as<Node::Table>();
	if (!members)
		return must_be(fmt::format("a table, as [{}]", name));
	for (const auto &one : *members)
		member(one, name, keys);
	return {};
}

Setter Reader::section(std::string name, Keys keys)
{
	return [this, name = std::move(name), keys = std::move(keys)](const Node &node) {
		return table(node, name, keys);
	};
}

Setter Reader::rules()
{
	return [this](const Node &node) -> Result<void> {
		const auto is_table = [](const Node &item) { return item.as<Node::Table>(); };
		const auto *list = node.as<Node::List>();
		if (!list || !std::all_of(list->begin(), list->end(), is_table))
			return must_be("written as sections, [[online.rule]]");
		for (const auto &item : *list) {
			OnlineRule rule;
			const auto number = config_.online.rules.size() + 1;
			const auto numbered = rule_key(number);
			const auto mistakes = mistakes_.size();
			const Keys keys = {
				{"source", set_word(rule.source, source_words)},
				{"node", set_nodes(rule.nodes)},
				{"range", set_range(rule.range)},
				{"min_size", set_size(rule.min_size)},
				{"action", set_word(rule.action, online_action_words)},
			};
			(void)table(item, numbered, keys);
			const auto &members = *item.as<Node::Table>();
			if (std::none_of(members.begin(), members.end(),
					 [](const Member &one) { return one.key == "action"; }))
				mistakes_.push_back(
					{item.place,
					 fmt::format("rule {} has no action; it must be {}", number,
						     list_of(online_action_words))});
			if (mistakes_.size() > mistakes)
				bad_.insert(numbered);
			config_.given[numbered] = item.place;
			config_.online.rules.push_back(std::move(rule));
		}
		return {};
	};
}

void Reader::find_contradictions()
{
	for (const auto &[keys, message] : contradictions(config_, bad_)) {
		const auto key =
			std::find_if(keys.begin(), keys.end(), [this](const std::string &name) {
				return config_.given.count(name) != 0;
			});
		mistakes_.push_back({config_.given.at(*key), message});
	}
}

tl::expected<Config, std::vector<Mistake>> Reader::read(const Node &top)
{
	auto &online = config_.online;
	auto &offline = config_.offline;
	auto &backoff = offline.backoff;
	auto &unplug = config_.unplug;

	const Keys backoff_keys = {
		{"initial", set_duration(backoff.initial, least_span)},
		{"factor", set_number(backoff.factor, 1, 100)},
		{"max", set_duration(backoff.max, least_span)},
		{"jitter", set_number(backoff.jitter, 0, 0.9)},
	};
	const Keys online_keys = {
		{"action", set_word(online.action, online_action_words)},
		{"mode", set_word(online.mode, online_mode_words)},
		{"first_scan", set_word(online.first_scan_online, first_scan_words)},
		{"max_movable_ratio", set_number(online.max_movable_ratio, 0, most_ratio)},
		{"beyond_ratio", set_word(online.beyond_ratio, beyond_ratio_words)},
		{"hard_ratio", set_number_or_off(online.hard_ratio, 0, most_ratio)},
		{"ratio_per_node", set_bool(online.ratio_per_node)},
		{"owner_grace", set_duration(online.owner_grace, Time(0))},
		{"defend", set_bool(online.defend)},
		{"rezone", set_bool(online.rezone)},
		{"borrow", set_bool(online.borrow)},
		{"rule", rules()},
	};
	const Keys offline_keys = {
		{"deadline", set_duration(offline.deadline, least_span)},
		{"attempt_deadline", set_duration(offline.attempt_deadline, least_span)},
		{"backoff", section("offline.backoff", backoff_keys)},
		{"min_free", set_amount(offline.limits.min_free)},
		{"max_pressure", set_number(offline.limits.max_pressure, 0, 100)},
		{"assist", set_words(offline.assist, assist_words)},
	};
	const Keys unplug_keys = {
		{"retry", set_bool(unplug.retry)},
		{"eject", set_bool(unplug.eject)},
		{"deadline", set_duration(unplug.deadline, least_span)},
	};
	const Keys hooks_keys = {
		{"settled", set_path(config_.hooks.settled)},
		{"interval", set_duration(config_.hooks.interval, least_span)},
	};
	const Keys sections = {
		{"online", section("online", online_keys)},
		{"offline", section("offline", offline_keys)},
		{"unplug", section("unplug", unplug_keys)},
		{"metrics", section("metrics", {{"textfile", set_path(config_.metrics.textfile)}})},
		{"hooks", section("hooks", hooks_keys)},
	};
	(void)table(top, "", sections);
	find_contradictions();
	if (mistakes_.empty())
		return std::move(config_);
	std::stable_sort(mistakes_.begin(), mistakes_.end(),
			 [](const Mistake &a, const Mistake &b) { return a.place < b.place; });
	return tl::unexpected<std::vector<Mistake>>(std::move(mistakes_));
}

} // namespace

tl::expected<Config, std::vector<Mistake>> read_config(const Node &top)
{
	return Reader().read(top);
}

} // namespace memhp
