// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/settled.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/base/log.h"
#include "system/config/hooks.h"

namespace memhp
{
namespace
{

constexpr auto state_file = "settled.state";
constexpr auto told_variable = "MEMHP_TOLD_MS";
constexpr auto pending_variable = "MEMHP_PENDING";

uint64_t number_of(const Variables &variables, std::string_view name)
{
	uint64_t number = 0;
	for (const auto &[key, value] : variables)
		if (key == name)
			parse_number(value, 10, number);
	return number;
}

} // namespace

SettledHooks::SettledHooks(Loop &loop, const Sysfs &sysfs, const ConfigFile &config, const Fd &dir)
	: loop_(loop), sysfs_(sysfs), config_(config), dir_(dir)
{
}

void SettledHooks::start()
{
	const bool unfinished = load();
	settle_.set_interval(config_.config().hooks.interval);
	const auto now = look();
	if (unfinished || (before_ && now && *before_ != *now))
		settle_.changed(Loop::now());
	if (!before_)
		before_ = now;
	save();
	arm();
}

void SettledHooks::stop()
{
	timer_.reset();
	if (settle_.may_tell(Loop::now()))
		tell();
}

void SettledHooks::reconfigure()
{
	settle_.set_interval(config_.config().hooks.interval);
	timer_.reset();
	arm();
}

void SettledHooks::on_uevent(const Uevent &event)
{
	switch (event.action) {
	case Uevent::Action::online:
	case Uevent::Action::offline:
		changed();
		return;
	case Uevent::Action::add:
	case Uevent::Action::remove:
		settle_.stirred(Loop::now());
		return;
	case Uevent::Action::other:
		return;
	}
}

void SettledHooks::changed()
{
	const bool first = !settle_.pending();
	settle_.changed(Loop::now());
	if (first)
		save();
	arm();
}

void SettledHooks::seen(const std::vector<Block> &blocks)
{
	const bool lost = std::exchange(lost_, false);
	if (settle_.pending())
		return;
	const auto now = totals_of(blocks, sysfs_.block_size());
	if (!before_) {
		before_ = now;
		save();
	} else if (lost && now != *before_) {
		changed();
	}
}

void SettledHooks::arm()
{
	const auto due = settle_.due();
	if (!due || timer_)
		return;
	timer_ = loop_.timer(*due, [this] {
		timer_.reset();
		// More may have happened since the timer was set.
		const auto now_due = settle_.due();
		if (now_due && *now_due <= Loop::now())
			tell();
		arm();
	});
}

void SettledHooks::tell()
{
	if (!wanted()) {
		settle_.forget();
		before_.reset();
		unlinkat(dir_.get(), state_file, 0);
		return;
	}
	const auto after = look();
	settle_.tell(Loop::now());
	if (after && leave_word(*after))
		before_ = after;
	else
		settle_.changed(Loop::now()); // after the interval
	save();
}

bool SettledHooks::leave_word(const Totals &after)
{
	const auto &directory = config_.config().hooks.settled;
	if (const auto earlier = take_back())
		before_ = earlier;
	const auto before = before_.value_or(after);
	const Settled settled = {before, after, sysfs_.block_size(), config_.path(), directory};
	const auto left = replace_file(dir_.get(), settled_file, to_lines(environment(settled)));
	if (!left) {
		log::error("the programs in {} are not run yet: {}", directory,
			   left.error().message);
		return false;
	}
	++count_;
	log::info("{} of memory online now, {} before: the programs in {} are run",
		  format_size(after.online()), format_size(before.online()), directory);
	return true;
}

bool SettledHooks::wanted() const
{
	const auto &directory = config_.config().hooks.settled;
	if (directory.empty())
		return false;
	const auto hooks = find_hooks(directory);
	if (hooks)
		return !hooks->names.empty() || !hooks->passed_over.empty();
	// Nobody has to have the default one. Whatever else there is to say, the unit says: memhpd
	// does not see all that the unit sees.
	return hooks.error().code != std::errc::no_such_file_or_directory ||
	       directory != Config::Hooks().settled;
}

std::optional<Totals> SettledHooks::take_back() const
{
	const auto taken = std::string(settled_file) + ".back";
	if (renameat(dir_.get(), settled_file, dir_.get(), taken.c_str()) < 0)
		return std::nullopt;
	const auto text = read_file(dir_.get(), taken);
	unlinkat(dir_.get(), taken.c_str(), 0);
	const auto settled = text.and_then(parse_lines).and_then(settled_from);
	return settled ? std::optional(settled->before) : std::nullopt;
}

std::optional<Totals> SettledHooks::look() const
{
	const auto blocks = sysfs_.scan({.candidates = false, .origin = false, .inode = false});
	if (!blocks) {
		log::error("how much memory is online cannot be told: {}", blocks.error().message);
		return std::nullopt;
	}
	return totals_of(*blocks, sysfs_.block_size());
}

bool SettledHooks::load()
{
	const auto text = read_file(dir_.get(), state_file);
	if (!text)
		return false; // as at every boot
	const auto variables = parse_lines(*text);
	const auto settled = variables.and_then(settled_from);
	if (!settled) {
		log::warning("{} is not used: {}", state_file, settled.error().message);
		return false;
	}
	before_ = settled->before;
	const Time told(static_cast<Time::rep>(number_of(*variables, told_variable)));
	if (told > Time{} && told <= Loop::now())
		settle_ = Settle(told);
	return number_of(*variables, pending_variable) != 0;
}

void SettledHooks::save()
{
	if (!before_)
		return;
	auto variables = environment({*before_, {}, sysfs_.block_size(), {}, {}});
	variables.emplace_back(told_variable,
			       fmt::format("{}", settle_.told().value_or(Time{}).count()));
	variables.emplace_back(pending_variable, settle_.pending() ? "1" : "0");
	const auto saved = replace_file(dir_.get(), state_file, to_lines(variables));
	if (!saved && !save_failed_)
		log::warning("a restart will not know what the programs in {} were told: {}",
			     config_.config().hooks.settled, saved.error().message);
	save_failed_ = !saved;
}

} // namespace memhp
