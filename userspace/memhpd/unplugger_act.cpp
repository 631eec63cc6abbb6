// SPDX-License-Identifier: GPL-2.0-only
// What the steps of an unplug do.
#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "memhpd/unplugger.h"
#include "system/base/log.h"
#include "system/offline/container.h"
#include "system/offline/eject.h"

namespace memhp
{
namespace
{

/// The write waits for the hotplug lock.
constexpr Time release_deadline = std::chrono::minutes(1);

OnlineType type_of(Zone zone)
{
	return zone == Zone::movable ? OnlineType::movable : OnlineType::kernel;
}

} // namespace

void Unplugger::settle(const std::string &device)
{
	entries_.at(device).doing = "waits for the kernel's own attempt to end";
	parts_.engine.barrier([this, device](bool passed) {
		// What the kernel has told until now is of the attempt that is over.
		drain_();
		with(device, [&](Entry &entry) { entry.machine.settled(passed); });
	});
}

void Unplugger::offline(const std::string &device, Time until)
{
	auto &entry = entries_.at(device);
	const auto blocks = blocks_of(parts_.sysfs, entry.owners);
	if (blocks && blocks->empty()) {
		entry.machine.gone();
		advance(device);
		return;
	}
	entry.doing = "takes its blocks offline";
	entry.blocks.clear();
	std::set<std::string> devices;
	if (blocks)
		for (const auto &block : *blocks) {
			devices.insert(block.device);
			entry.blocks.insert(block.number);
			if (block.state == BlockState::online)
				entry.saved.taken[block.number] = {block.inode, block.zone};
		}
	save(); // before the first write

	ChangeRequest request;
	for (const auto &one : blocks ? devices : entry.owners)
		request.target.push_back("device:" + one);
	request.all_or_nothing = true;
	request.asker = Asker::firmware;
	request.deadline = std::max(until - Loop::now(), Time(1));
	Requests::Client client;
	client.owned = true;
	client.finished = [this, device](const Report &report) {
		forget(report.left_to_others);
		with(device, [&](Entry &one) {
			one.machine.offlined(report.complete() ? Unplug::Offlined::all
					     : report.timed_out || report.cancelled
						     ? Unplug::Offlined::late
						     : Unplug::Offlined::refused);
		});
	};
	const auto begun = parts_.requests.begin(request, std::move(client));
	if (begun)
		return;
	entry.machine.offlined(Unplug::Offlined::refused, begun.error().message);
	advance(device);
}

void Unplugger::release(const std::string &device)
{
	auto &entry = entries_.at(device);
	const auto container = read_container(parts_.sysfs.root_fd(), device);
	if (!container || container->cpus.empty()) {
		entry.doing = "takes the container offline";
		release(device, entry.containers);
		return;
	}
	// The kernel would refuse it. Processors are not memhpd's to take offline.
	const auto doing = fmt::format("waits for somebody to take processors {} offline",
				       format_ranges(container->cpus));
	if (doing != entry.doing)
		log::warning("unplug of {}: its memory is offline; processors {} in it are not, "
			     "and somebody has to take them offline",
			     device, format_ranges(container->cpus));
	entry.doing = doing;
	entry.machine.released(EBUSY, Loop::now());
	advance(device);
}

void Unplugger::release(const std::string &device, std::vector<std::string> containers)
{
	const auto first = containers.front();
	containers.erase(containers.begin());
	parts_.engine.write(container_path(first), "0", release_deadline,
			    [this, device, containers](const Writer::Outcome &outcome) {
				    if (suspended_ || entries_.count(device) == 0)
					    return;
				    if (outcome.error == 0 && !containers.empty())
					    release(device, containers);
				    else
					    with(device, [&](Entry &entry) {
						    entry.machine.released(
							    outcome.killed ? EBUSY : outcome.error,
							    Loop::now());
					    });
			    });
}

void Unplugger::eject(const std::string &device)
{
	auto &entry = entries_.at(device);
	entry.doing = "ejects it";
	order_eject(parts_.engine, parts_.sysfs, device, entry.owners,
		    [this, device](const Writer::Outcome &outcome) {
			    with(device, [&](Entry &one) {
				    const auto blocks = blocks_of(parts_.sysfs, one.owners);
				    if (outcome.error != 0 && blocks && blocks->empty())
					    one.machine.gone();
				    else
					    one.machine.ejected(outcome.killed ? 0 : outcome.error,
								Loop::now());
			    });
		    });
}

void Unplugger::restore(const std::string &device)
{
	entries_.at(device).doing = "puts its blocks back";
	auto containers = entries_.at(device).containers;
	std::reverse(containers.begin(), containers.end());
	for (const auto &container : containers)
		parts_.engine.write(
			container_path(container), "1", release_deadline,
			[device, container](const Writer::Outcome &outcome) {
				if (outcome.error != 0)
					log::warning(
						"unplug of {}: container {} is not "
						"back online: {}",
						device, container,
						std::generic_category().message(outcome.error));
			});
	// Orders go before jobs: the blocks come after the containers.
	restore_blocks(device);
}

void Unplugger::restore_blocks(const std::string &device)
{
	auto &entry = entries_.at(device);
	std::map<OnlineType, std::vector<uint64_t>> offline;
	const auto blocks = blocks_of(parts_.sysfs, entry.owners);
	if (!blocks)
		log::warning("unplug of {}: {}", device, blocks.error().message);
	for (const auto &block : blocks.value_or(std::vector<Block>())) {
		const auto taken = entry.saved.taken.find(block.number);
		if (taken != entry.saved.taken.end() && taken->second.inode == block.inode &&
		    block.state == BlockState::offline &&
		    !parts_.requests.leave(block.number, taken->second))
			offline[type_of(taken->second.zone)].push_back(block.number);
	}
	for (const auto &[type, numbers] : offline) {
		ChangeRequest request;
		request.change = Change::online;
		request.type = type;
		request.target = {format_ranges(numbers)};
		Requests::Client client;
		client.finished = [this, device](const Report &) {
			with(device, [](Entry &one) {
				if (--one.restoring == 0)
					one.machine.restored();
			});
		};
		if (const auto begun = parts_.requests.begin(request, std::move(client)))
			++entry.restoring;
		else
			log::warning("unplug of {}: blocks {} stay offline: {}", device,
				     format_ranges(numbers), begun.error().message);
	}
	if (entry.restoring > 0)
		return;
	entry.machine.restored();
	advance(device);
}

} // namespace memhp
