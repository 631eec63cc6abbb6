// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/unplugger.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "system/base/log.h"
#include "system/offline/container.h"
#include "system/offline/eject.h"

namespace memhp
{
namespace
{

constexpr auto file = "unplugs.json";

/// True where what was to be unplugged went while no memhpd ran: its blocks are not there any more,
/// though its name may be, of what was plugged in instead.
bool all_gone(const Sysfs &sysfs, const SavedUnplug &unplug)
{
	const auto blocks = sysfs.scan();
	return blocks && !unplug.taken.empty() &&
	       std::none_of(blocks->begin(), blocks->end(), [&](const Block &block) {
		       const auto taken = unplug.taken.find(block.number);
		       return taken != unplug.taken.end() && taken->second.inode == block.inode;
	       });
}

} // namespace

Unplugger::Unplugger(Parts parts, std::function<void()> drain)
	: parts_(parts), drain_(std::move(drain))
{
	parts_.requests.on_kept([this](const std::vector<uint64_t> &blocks) { forget(blocks); });
}

Unplug::Spec Unplugger::spec(bool container) const
{
	const auto &unplug = parts_.config.config().unplug;
	Unplug::Spec spec;
	spec.eject = unplug.eject;
	spec.deadline = unplug.deadline;
	spec.container = container;
	return spec;
}

Unplugger::Entry &Unplugger::add(const std::string &device, Time asked)
{
	const auto container = read_container(parts_.sysfs.root_fd(), device);
	auto &entry =
		entries_.try_emplace(device, spec(container.has_value()), asked).first->second;
	entry.saved.asked = asked;
	entry.owners = {device};
	if (container) {
		entry.owners = container->devices;
		entry.containers = container->containers;
	}
	return entry;
}

void Unplugger::resume()
{
	if (!std::exchange(loaded_, true)) {
		auto left = load_unplugs(parts_.dir.get(), file);
		if (!left)
			log::error("unplugs that the memhpd that ended before had taken over are "
				   "lost: {}",
				   left.error().message);
		left_ = std::move(left).value_or(SavedUnplugs());
	}
	if (left_.empty() || parts_.config.unknown())
		return;
	for (auto &[device, unplug] : std::exchange(left_, {})) {
		auto &entry = add(device, unplug.asked);
		entry.machine.took();
		entry.saved = std::move(unplug);
		log::info("unplug of {}: taken over by the memhpd that ended before; going on "
			  "with it",
			  device);
		if (all_gone(parts_.sysfs, entry.saved))
			entry.machine.gone();
	}
	for (const auto &view : views())
		advance(view.device);
}

void Unplugger::failed(uint64_t block)
{
	const auto blocks = parts_.sysfs.scan();
	if (!blocks) {
		log::warning("block {} could not be unplugged, and nothing can be done: {}", block,
			     blocks.error().message);
		return;
	}
	const auto found = std::find_if(blocks->begin(), blocks->end(),
					[&](const Block &one) { return one.number == block; });
	if (found == blocks->end() || found->device.empty())
		return; // gone by now
	const auto &device = found->device;
	if (parts_.requests.ejecting(device))
		return; // an operator's eject, and its failure is told to them

	if (!known(device))
		take_over(device, fmt::format("the kernel gave up at block {}", block));
}

void Unplugger::container(const std::string &name)
{
	if (known(name))
		return;
	const auto found = read_container(parts_.sysfs.root_fd(), name);
	const auto blocks = found ? blocks_of(parts_.sysfs, found->devices) : fail(found.error());
	if (!blocks)
		log::warning("unplug of {}: {}", name, blocks.error().message);
	else if (blocks->empty())
		log::info("unplug of {}: the host wants it back; no memory is in it", name);
	else
		take_over(name, fmt::format("it is a container with {} blocks", blocks->size()));
}

bool Unplugger::known(const std::string &device)
{
	const auto known = entries_.find(device);
	if (known == entries_.end())
		return false;
	auto &machine = known->second.machine;
	// Both witnesses tell of one attempt, and the module of each try in it.
	if (machine.settling() || machine.own_eject())
		return true;
	log::info("unplug of {}: the host asks again", device);
	++counters_.asked;
	machine.asked(Loop::now());
	known->second.saved.asked = Loop::now();
	save();
	return true;
}

void Unplugger::take_over(const std::string &device, const std::string &what)
{
	++counters_.asked;
	if (!parts_.config.config().unplug.retry || parts_.config.unknown()) {
		log::warning("unplug of {}: the host wants it back, {}, and {}", device, what,
			     parts_.config.unknown()
				     ? "nothing goes offline while the configuration "
				       "cannot be used"
				     : "unplug.retry is off");
		return;
	}
	log::warning("unplug of {}: the host wants it back and {}; trying for {}", device, what,
		     format_duration(parts_.config.config().unplug.deadline));
	add(device, Loop::now());
	save();
	advance(device);
}

void Unplugger::on_uevent(const Uevent &event)
{
	if (event.action != Uevent::Action::remove)
		return;
	for (auto &[device, entry] : entries_) {
		if (entry.blocks.erase(event.block) == 0 || !entry.blocks.empty())
			continue;
		entry.machine.gone();
		advance(device);
		return;
	}
}

void Unplugger::forget(const std::vector<uint64_t> &blocks)
{
	bool changed = false;
	for (auto &[device, entry] : entries_)
		for (const auto block : blocks)
			changed |= entry.saved.taken.erase(block) != 0;
	if (changed)
		save();
}

void Unplugger::with(const std::string &device, const std::function<void(Entry &)> &then)
{
	const auto entry = entries_.find(device);
	if (entry == entries_.end())
		return;
	then(entry->second);
	advance(device);
}

void Unplugger::advance(const std::string &name)
{
	if (suspended_)
		return;			 // it is on record
	const std::string device = name; // `name` may be the entry's own, which ends here
	auto &entry = entries_.at(device);
	entry.timer.reset();
	const auto step = entry.machine.next(Loop::now());
	if (std::holds_alternative<Unplug::Settle>(step))
		settle(device);
	else if (const auto *until = std::get_if<Unplug::Offline>(&step))
		offline(device, until->until);
	else if (std::holds_alternative<Unplug::Release>(step))
		release(device);
	else if (std::holds_alternative<Unplug::Eject>(step))
		eject(device);
	else if (std::holds_alternative<Unplug::Restore>(step))
		restore(device);
	else if (std::holds_alternative<Unplug::Finished>(step))
		end(device);
	else if (const auto *wait = std::get_if<Unplug::Wait>(&step);
		 wait && wait->until != Time::max())
		entry.timer = parts_.loop.timer(wait->until, [this, device] { advance(device); });
}

void Unplugger::end(const std::string &device)
{
	const auto entry = entries_.extract(device);
	const auto &machine = entry.mapped().machine;
	const auto took = format_duration(Loop::now() - entry.mapped().saved.asked);
	++(machine.succeeded() ? counters_.ejected : counters_.gave_up);
	if (machine.succeeded())
		log::info("unplug of {}: given back after {}", device, took);
	else
		log::warning("unplug of {}: given up after {}: {}; the host must ask again", device,
			     took, machine.why());
	save();
}

void Unplugger::save() const
{
	auto unplugs = left_;
	for (const auto &[device, entry] : entries_)
		unplugs[device] = entry.saved;
	const auto saved = save_unplugs(parts_.dir.get(), file, unplugs);
	if (!saved)
		log::warning("a restarted memhpd will not know of the unplugs: {}",
			     saved.error().message);
}

std::vector<Unplugger::View> Unplugger::views() const
{
	std::vector<View> views;
	for (const auto &[device, entry] : entries_)
		views.push_back({device, entry.saved.asked, entry.machine.until(), entry.doing,
				 entry.machine.ejects()});
	return views;
}

} // namespace memhp
