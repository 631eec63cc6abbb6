// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/policy.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace memhp
{

std::string_view to_string(OnlineAction action) { return word_for(online_action_words, action); }

bool matches(const OnlineRule &rule, const Device &device, uint64_t block_size)
{
	const auto on_a_node = [&](const Block &block) {
		return block.node && std::find(rule.nodes.begin(), rule.nodes.end(), *block.node) !=
					     rule.nodes.end();
	};
	if (rule.source && *rule.source != device.source)
		return false;
	if (!rule.nodes.empty() &&
	    !std::all_of(device.blocks.begin(), device.blocks.end(), on_a_node))
		return false;
	if (rule.range) {
		const auto first = device.blocks.front().number * block_size;
		const auto last = device.blocks.back().number * block_size + (block_size - 1);
		if (first < rule.range->first || last > rule.range->second)
			return false;
	}
	return device.size(block_size) >= rule.min_size;
}

bool covers(const OnlineRule &earlier, const OnlineRule &later)
{
	const auto also_earlier = [&](int node) {
		return std::find(earlier.nodes.begin(), earlier.nodes.end(), node) !=
		       earlier.nodes.end();
	};
	if (earlier.source && earlier.source != later.source)
		return false;
	if (!earlier.nodes.empty() &&
	    (later.nodes.empty() ||
	     !std::all_of(later.nodes.begin(), later.nodes.end(), also_earlier)))
		return false;
	if (earlier.range && (!later.range || later.range->first < earlier.range->first ||
			      later.range->second > earlier.range->second))
		return false;
	return earlier.min_size <= later.min_size;
}

std::string describe(const OnlineRule &rule)
{
	std::string text;
	if (rule.source)
		text += fmt::format(" source={}", to_string(*rule.source));
	if (!rule.nodes.empty())
		text += fmt::format(" node={}", fmt::join(rule.nodes, ","));
	if (rule.range)
		text += fmt::format(" range=0x{:x}-0x{:x}", rule.range->first, rule.range->second);
	if (rule.min_size > 0)
		text += fmt::format(" min_size={}", exact_size(rule.min_size));
	return text.empty() ? "any device" : text.substr(1);
}

std::string describe(const OnlinePolicy &policy)
{
	auto text = fmt::format("onlining hot-added memory as {}", to_string(policy.action));
	if (!policy.rules.empty())
		text += fmt::format(", {} rule{}", policy.rules.size(),
				    policy.rules.size() == 1 ? "" : "s");
	return text;
}

Verdict judge(const OnlinePolicy &policy, const Device &device, uint64_t block_size)
{
	for (size_t i = 0; i < policy.rules.size(); ++i)
		if (matches(policy.rules[i], device, block_size))
			return {policy.rules[i].action, i + 1,
				fmt::format("rule {} ({})", i + 1, describe(policy.rules[i]))};
	// daxctl onlines the memory of the devices that it reconfigures, and refuses to work where
	// somebody else does.
	if (device.source == Source::dax_kmem)
		return {OnlineAction::leave, std::nullopt, "default for dax-kmem"};
	return {policy.action, std::nullopt, "online.action"};
}

bool right_zone(OnlineAction action, Zone zone)
{
	switch (action) {
	case OnlineAction::movable:
		return right_zone(OnlineType::movable, zone);
	case OnlineAction::kernel:
		return right_zone(OnlineType::kernel, zone);
	case OnlineAction::kernel_default:
	case OnlineAction::leave:
	case OnlineAction::offline:
		break;
	}
	return true;
}

Decision decide(OnlineAction action, Time owner_grace, std::optional<OnlineType> kernel_default,
		Time since, Time now)
{
	switch (action) {
	case OnlineAction::movable:
		return Online{OnlineType::movable};
	case OnlineAction::kernel:
		return Online{OnlineType::kernel};
	case OnlineAction::kernel_default:
		return Online{OnlineType::by_default};
	case OnlineAction::leave:
		if (!kernel_default)
			return Nothing{};
		if (now < since + owner_grace)
			return NotYet{since + owner_grace};
		return Online{*kernel_default};
	case OnlineAction::offline:
		break;
	}
	return Nothing{};
}

void Ledger::stand(Entry &entry, Standing standing)
{
	deliberate_ -= entry.standing == Standing::deliberate;
	deliberate_ += standing == Standing::deliberate;
	entry.standing = standing;
}

void Ledger::now_online(Entry &entry)
{
	// Why it was offline does not explain why it is online.
	if (entry.standing == Standing::deliberate)
		entry.why.clear();
	entry.online = true;
	stand(entry, Standing::handled);
}

void Ledger::now_offline(Entry &entry)
{
	entry.online = false;
	entry.zone_by = Chooser::nobody;
	stand(entry, Standing::deliberate);
	entry.why = "taken offline on purpose";
}

void Ledger::restore(std::map<uint64_t, Entry> entries)
{
	entries_ = std::move(entries);
	deliberate_ = 0;
	for (const auto &[block, entry] : entries_)
		deliberate_ += entry.standing == Standing::deliberate;
}

Ledger::News Ledger::observe(const std::vector<Block> &blocks, Time now, Standing unknown_offline)
{
	News news;
	auto at = entries_.begin();
	const auto forget = [&] {
		stand(at->second, Standing::fresh);
		at = entries_.erase(at);
		news.changed = true;
	};

	for (const auto &block : blocks) {
		while (at != entries_.end() && at->first < block.number)
			forget();
		const bool known = at != entries_.end() && at->first == block.number;
		if (!known)
			at = entries_.emplace_hint(at, block.number, Entry());
		auto &entry = at->second;
		++at;
		const bool same_life = known && entry.inode == block.inode;
		if (!same_life) {
			stand(entry, unknown_offline);
			entry = {block.inode, unknown_offline, false, now, {}};
			news.born.push_back(block.number);
		}
		const auto before = std::pair(entry.standing, entry.online);

		if (block.state == BlockState::online) {
			now_online(entry);
		} else if (block.state == BlockState::offline && entry.online &&
			   moving_.count(block.number) == 0) {
			now_offline(entry);
			news.taken_offline.push_back(block.number);
		} else if (!same_life && unknown_offline == Standing::deliberate) {
			entry.why = "left offline by online.first_scan";
		}
		news.changed |= !same_life || before != std::pair(entry.standing, entry.online);
	}
	while (at != entries_.end())
		forget();
	return news;
}

void Ledger::went_online(uint64_t block)
{
	const auto entry = entries_.find(block);
	if (entry != entries_.end())
		now_online(entry->second);
}

void Ledger::went_offline(uint64_t block)
{
	const auto entry = entries_.find(block);
	// A block of a fresh life has not been online: the event is about the life before it.
	if (entry != entries_.end() && entry->second.online && moving_.count(block) == 0)
		now_offline(entry->second);
}

void Ledger::zone_chosen(uint64_t block, Chooser by)
{
	const auto entry = entries_.find(block);
	if (entry != entries_.end())
		entry->second.zone_by = by;
}

Ledger::Chooser Ledger::zone_by(uint64_t block) const
{
	const auto entry = entries_.find(block);
	return entry == entries_.end() ? Chooser::nobody : entry->second.zone_by;
}

void Ledger::renew(uint64_t block)
{
	const auto entry = entries_.find(block);
	if (entry == entries_.end())
		return;
	stand(entry->second, Standing::fresh);
	entry->second.online = false;
	entry->second.zone_by = Chooser::nobody;
}

void Ledger::explain(uint64_t block, std::string why)
{
	const auto entry = entries_.find(block);
	if (entry != entries_.end())
		entry->second.why = std::move(why);
}

void Ledger::give_up(uint64_t block, const std::string &failure)
{
	const auto entry = entries_.find(block);
	if (entry == entries_.end() || entry->second.standing != Standing::fresh)
		return;
	stand(entry->second, Standing::handled);
	entry->second.why += ", but it cannot be onlined: " + failure;
}

bool Ledger::is_news(uint64_t block, std::optional<uint64_t> inode) const
{
	const auto known = entries_.find(block);
	return known == entries_.end() || known->second.inode != inode ||
	       known->second.standing == Standing::fresh;
}

Ledger::Standing Ledger::standing(uint64_t block) const
{
	const auto entry = entries_.find(block);
	return entry == entries_.end() ? Standing::fresh : entry->second.standing;
}

Time Ledger::since(uint64_t block) const
{
	const auto entry = entries_.find(block);
	return entry == entries_.end() ? Time{} : entry->second.since;
}

} // namespace memhp
