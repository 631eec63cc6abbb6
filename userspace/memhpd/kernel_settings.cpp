// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/kernel_settings.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>
#include <utility>

#include "core/online/defend.h"
#include "system/base/log.h"
#include "system/kernel/settings.h"

namespace memhp
{
namespace
{

std::string wall_time()
{
	const auto now = std::time(nullptr);
	std::tm local{};
	std::array<char, 32> text{};
	if (!localtime_r(&now, &local) ||
	    std::strftime(text.data(), text.size(), "%F %T", &local) == 0)
		return "an unknown time";
	return text.data();
}

bool contains(const std::vector<std::string> &values, const std::string &value)
{
	return std::find(values.begin(), values.end(), value) != values.end();
}

} // namespace

void KernelSettings::find(const HeldSettings &saved)
{
	for (const auto &[setting, name] : kernel_setting_words) {
		const auto current = read_setting(root_fd_, setting);
		if (!current) {
			if (current.error().code != std::errc::no_such_file_or_directory)
				log::warning("{} cannot be read: {}", name,
					     current.error().message);
			continue;
		}
		auto &entry = entries_[setting];
		entry = Entry();
		entry.found = *current;
		const auto before = saved.find(setting);
		if (before != saved.end() && contains(before->second.ours, *current)) {
			entry.found = before->second.found;
			entry.ours = before->second.ours;
		}
	}
}

bool KernelSettings::put(KernelSetting setting, Entry &entry, const std::string &value)
{
	const auto before = entry.ours;
	if (!contains(entry.ours, value))
		entry.ours.push_back(value);
	record_();
	const auto written = write_setting(root_fd_, setting, value);
	if (!written) {
		entry.ours = before;
		log::warning("{} cannot be set to {}: {}", to_string(setting), value,
			     written.error().message);
		return false;
	}
	entry.ours = {value};
	return true;
}

void KernelSettings::want(const SettingValues &values)
{
	const auto before = held();
	for (auto &[setting, entry] : entries_) {
		const auto target = values.find(setting);
		const bool had_a_wish = entry.wanted.has_value() || !entry.ours.empty();
		if (target == values.end() && !had_a_wish)
			continue;
		const auto value = target == values.end() ? entry.found : target->second;
		entry.wanted = target == values.end() ? std::nullopt : std::optional(value);
		if (entry.left || lent(setting))
			continue;
		const auto current = read_setting(root_fd_, setting);
		if (!entry.wanted && current && !contains(entry.ours, *current)) {
			entry.ours.clear(); // somebody else's value; it is not ours to give back
			continue;
		}
		if (current && *current == value)
			entry.ours = {value};
		else
			put(setting, entry, value);
		if (!entry.wanted)
			entry.ours.clear();
	}
	if (held() != before)
		record_();
}

void KernelSettings::look(Time now, bool defend)
{
	for (auto &[setting, entry] : entries_) {
		if (!entry.wanted || lent(setting))
			continue;
		const auto current = read_setting(root_fd_, setting);
		if (!current || *current == *entry.wanted)
			continue;
		if (entry.left && entry.foreign == *current)
			continue;
		entry.foreign = *current;
		entry.foreign_at = wall_time();
		const auto what =
			fmt::format("another program changed {} from {} to {} at {}",
				    to_string(setting), *entry.wanted, *current, entry.foreign_at);
		if (entry.left) {
			log::warning("{}", what);
		} else if (!defend) {
			entry.left = true;
			log::warning("{}; online.defend is off, so it stays", what);
		} else if (!may_defend(entry.put_right, now)) {
			entry.left = true;
			log::warning("{}; having put it right {} times within an hour, memhpd "
				     "leaves it until it is reloaded",
				     what, defend_limit);
		} else {
			entry.put_right.push_back(now);
			log::warning("{}; putting it right ({} of {} times an hour)", what,
				     recent_defences(entry.put_right, now), defend_limit);
			put(setting, entry, *entry.wanted);
		}
		record_();
	}
}

void KernelSettings::forgive()
{
	for (auto &[setting, entry] : entries_) {
		entry.left = false;
		entry.put_right.clear();
	}
}

void KernelSettings::lend()
{
	if (lent_++ > 0)
		return;
	for (auto at = entries_.rbegin(); at != entries_.rend(); ++at)
		if (auto &[setting, entry] = *at; lent(setting) && entry.wanted && !entry.left)
			put(setting, entry, entry.found);
}

void KernelSettings::take_back()
{
	if (--lent_ > 0)
		return;
	for (auto &[setting, entry] : entries_)
		if (setting != KernelSetting::auto_online_blocks && entry.wanted && !entry.left)
			put(setting, entry, *entry.wanted);
	record_();
}

bool KernelSettings::restore()
{
	bool clean = true;
	for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) {
		auto &[setting, entry] = *at;
		entry.wanted.reset();
		if (entry.ours.empty())
			continue;
		const auto current = read_setting(root_fd_, setting);
		if (!current) {
			clean = false;
			continue;
		}
		if (!contains(entry.ours, *current)) {
			log::info("{} stays {}, which another program set", to_string(setting),
				  *current);
		} else if (*current != entry.found) {
			const auto written = write_setting(root_fd_, setting, entry.found);
			if (!written) {
				clean = false;
				log::warning("putting {} back to {} failed: {}", to_string(setting),
					     entry.found, written.error().message);
				continue;
			}
		}
		entry.ours.clear();
	}
	return clean;
}

HeldSettings KernelSettings::held() const
{
	HeldSettings result;
	for (const auto &[setting, entry] : entries_)
		if (!entry.ours.empty())
			result[setting] = {entry.found, entry.ours};
	return result;
}

std::string KernelSettings::found(KernelSetting setting) const
{
	const auto entry = entries_.find(setting);
	return entry == entries_.end() ? "" : entry->second.found;
}

std::optional<OnlineType> KernelSettings::kernel_default() const
{
	return parse_online_type(found(KernelSetting::auto_online_blocks));
}

std::vector<KernelSettings::View> KernelSettings::views(Time now) const
{
	std::vector<View> result;
	for (const auto &[setting, entry] : entries_)
		result.push_back({setting, entry.found, entry.wanted.value_or(entry.found),
				  read_setting(root_fd_, setting).value_or(""),
				  recent_defences(entry.put_right, now), entry.left, entry.foreign,
				  entry.foreign_at});
	return result;
}

} // namespace memhp
