// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/auto_online.h"

#include "system/log.h"

namespace memhp
{
namespace
{

constexpr auto ours = "offline";

} // namespace

Result<std::string> AutoOnline::find(const std::optional<std::string> &saved)
{
	auto current = sysfs_.auto_online();
	if (!current)
		return current;
	found_ = saved && *current == ours ? *saved : *current;
	return found_;
}

Result<void> AutoOnline::take_over() const
{
	if (found_ == ours)
		return {};
	return sysfs_.set_auto_online(ours);
}

bool AutoOnline::restore() const
{
	if (found_.empty() || found_ == ours)
		return true;
	const auto current = sysfs_.auto_online();
	if (!current || *current != ours)
		return current.has_value();
	const auto written = sysfs_.set_auto_online(found_);
	if (!written)
		log::warning("putting auto_online_blocks back to {} failed: {}", found_,
			     written.error().message);
	return written.has_value();
}

} // namespace memhp
