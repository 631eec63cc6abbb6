// SPDX-License-Identifier: GPL-2.0-only
#include "core/policy.h"

#include <array>
#include <utility>

namespace memhp
{
namespace
{

constexpr std::array<std::pair<OnlineAction, std::string_view>, 5> action_names = {{
	{OnlineAction::movable, "movable"},
	{OnlineAction::kernel, "kernel"},
	{OnlineAction::kernel_default, "kernel-default"},
	{OnlineAction::leave, "leave"},
	{OnlineAction::offline, "offline"},
}};

} // namespace

std::string_view to_string(OnlineAction action)
{
	for (const auto &[key, name] : action_names)
		if (key == action)
			return name;
	return "unknown";
}

std::optional<OnlineAction> parse_online_action(std::string_view text)
{
	for (const auto &[action, name] : action_names)
		if (name == text)
			return action;
	return std::nullopt;
}

Decision decide(const OnlinePolicy &policy, Source source, std::optional<OnlineType> kernel_default,
		Time since, Time now)
{
	// daxctl onlines the memory of the devices that it reconfigures, and refuses to work where
	// somebody else does.
	const auto action = source == Source::dax_kmem ? OnlineAction::leave : policy.action;

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
		if (now < since + policy.owner_grace)
			return NotYet{since + policy.owner_grace};
		return Online{*kernel_default};
	case OnlineAction::offline:
		break;
	}
	return Nothing{};
}

std::vector<uint64_t> Ledger::observe(const std::vector<Block> &blocks, Time now,
				      Standing unknown_offline)
{
	std::map<uint64_t, Entry> present;
	std::vector<uint64_t> taken_offline;

	for (const auto &block : blocks) {
		const auto known = entries_.find(block.number);
		const bool same_life =
			known != entries_.end() && known->second.inode == block.inode;
		Entry entry =
			same_life ? known->second : Entry{block.inode, unknown_offline, false, now};

		if (block.state == BlockState::online) {
			entry.standing = Standing::handled;
			entry.online = true;
		} else if (block.state == BlockState::offline && entry.online) {
			entry.standing = Standing::deliberate;
			entry.online = false;
			taken_offline.push_back(block.number);
		}
		present.emplace(block.number, entry);
	}
	entries_ = std::move(present);
	return taken_offline;
}

void Ledger::went_online(uint64_t block)
{
	const auto entry = entries_.find(block);
	if (entry == entries_.end())
		return;
	entry->second.online = true;
	entry->second.standing = Standing::handled;
}

void Ledger::went_offline(uint64_t block)
{
	const auto entry = entries_.find(block);
	// A block of a fresh life has not been online: the event is about the life before it.
	if (entry == entries_.end() || !entry->second.online)
		return;
	entry->second.online = false;
	entry->second.standing = Standing::deliberate;
}

void Ledger::give_up(uint64_t block)
{
	const auto entry = entries_.find(block);
	if (entry != entries_.end() && entry->second.standing == Standing::fresh)
		entry->second.standing = Standing::handled;
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
