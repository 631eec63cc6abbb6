// SPDX-License-Identifier: GPL-2.0-only
#include "core/advice/doctor.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/memory/device.h"
#include "core/online/policy.h"

namespace memhp
{
namespace
{

using Level = Finding::Level;

constexpr auto restart = "systemctl restart memhpd";
constexpr auto show_log = "journalctl -u memhpd";

/// What comes now goes where, without memhpd?
void diagnose_auto_online(const Facts &facts, std::vector<Finding> &findings)
{
	const auto &settings = facts.kernel.settings;
	const auto found = settings.find(KernelSetting::auto_online_blocks);
	if (found == settings.end() || facts.daemon.running)
		return;
	if (found->second == "offline") {
		if (!facts.others.our_rule)
			findings.push_back(
				{Level::problem,
				 "nobody-onlines",
				 "new memory stays offline: auto_online_blocks is offline, and "
				 "there is neither memhpd nor the udev rule 80-memhp.rules",
				 "memory that is plugged in is of no use before it is online",
				 {"systemctl enable --now memhpd"}});
		return;
	}
	const auto policy = settings.find(KernelSetting::online_policy);
	if (found->second == "online_movable" ||
	    (found->second == "online" && policy != settings.end() &&
	     policy->second == "auto-movable"))
		return;
	findings.push_back(
		{Level::problem,
		 "auto-online",
		 fmt::format("the kernel onlines new memory by itself, into a kernel zone "
			     "(auto_online_blocks is {}), and no memhpd runs",
			     found->second),
		 "memory in a kernel zone can hardly be given back, and its DIMM not be ejected",
		 {"systemctl enable --now memhpd",
		  "or: echo offline >/sys/devices/system/memory/auto_online_blocks"}});
}

/// Offline blocks that policy would have online and that nobody wants offline.
void diagnose_offline(const Facts &facts, std::vector<Finding> &findings)
{
	if (facts.daemon.pending > 0 || (facts.daemon.running && !facts.daemon.deliberate))
		return;
	std::vector<uint64_t> forgotten;
	for (const auto &device : group_by_device(facts.blocks)) {
		const auto action = judge(facts.config.online, device, facts.block_size).action;
		if (action == OnlineAction::offline || action == OnlineAction::leave ||
		    (facts.config.online.beyond_ratio == BeyondRatio::offline &&
		     action == OnlineAction::movable))
			continue;
		for (const auto &block : device.blocks) {
			const auto &meant = facts.daemon.deliberate;
			const bool wanted = meant && std::find(meant->begin(), meant->end(),
							       block.number) != meant->end();
			if (block.state == BlockState::offline && !wanted)
				forgotten.push_back(block.number);
		}
	}
	if (forgotten.empty())
		return;
	const auto ranges = format_ranges(forgotten);
	findings.push_back(
		{Level::problem, "blocks-offline",
		 fmt::format(
			 "{} of memory are offline, and {}: blocks {}",
			 format_size(forgotten.size() * facts.block_size),
			 facts.daemon.running
				 ? "nobody took them offline on purpose"
				 : "no memhpd runs that would online them or know who wants it so",
			 ranges),
		 "the machine has memory that it does not use",
		 facts.daemon.running ? std::vector<std::string>{"memhpctl policy show",
								 "memhpctl online " + ranges}
				      : std::vector<std::string>{"systemctl enable --now memhpd",
								 "or: memhpctl online " + ranges}});
}

/// DIMMs that would not come out, since a kernel zone has part of them.
void diagnose_dimms(const Facts &facts, std::vector<Finding> &findings)
{
	for (const auto &device : group_by_device(facts.blocks)) {
		if (device.source != Source::acpi_dimm ||
		    judge(facts.config.online, device, facts.block_size).action !=
			    OnlineAction::movable)
			continue;
		std::vector<uint64_t> kept;
		for (const auto &block : device.blocks)
			if (block.state == BlockState::online && block.zone != Zone::movable)
				kept.push_back(block.number);
		if (kept.empty())
			continue;
		const auto ranges = format_ranges(kept);
		findings.push_back(
			{Level::problem,
			 "dimm-not-ejectable",
			 fmt::format("{} could not be ejected: {} of its {} blocks are in a kernel "
				     "zone ({})",
				     device.name, kept.size(), device.blocks.size(), ranges),
			 "one page of the kernel's own on one of them keeps the whole DIMM",
			 {fmt::format("memhpctl offline {0} && memhpctl online {0}", ranges),
			  fmt::format("or for good, in {}: [online] rezone = true",
				      facts.config_path)}});
	}
}

void diagnose_ratio(const Facts &facts, std::vector<Finding> &findings)
{
	const auto &policy = facts.config.online;
	const auto state = ratio_state(policy, facts.count);
	if (state.standing != RatioState::Standing::within)
		findings.push_back(
			{Level::problem,
			 "ratio",
			 fmt::format("too much of the memory is movable: {}",
				     describe(policy, state)),
			 "page tables, slab and sockets need kernel memory; without it a machine "
			 "runs out of memory while most of it is free",
			 {"memhpctl status", "memhpctl online TARGET --zone kernel"}});
	if (!state.memmap_short())
		return;
	std::vector<std::string> remedy = {"memhpctl status"};
	if (!facts.count.memmap_on_memory)
		remedy.emplace_back("boot with memory_hotplug.memmap_on_memory=on");
	findings.push_back(
		{Level::problem, "memmap",
		 fmt::format("{} of kernel memory are available, and the memmap of another device "
			     "like the largest takes {}",
			     format_size(*state.available), format_size(state.needed)),
		 "adding the next device may fail, or drive the machine out of memory", remedy});
}

} // namespace

void diagnose_daemon(const Facts &facts, std::vector<Finding> &findings)
{
	const auto &daemon = facts.daemon;
	if (!daemon.running && !daemon.problem.empty())
		findings.push_back({Level::problem,
				    "daemon-silent",
				    fmt::format("memhpd cannot be asked: {}", daemon.problem),
				    "what it does and why is not known here",
				    {"systemctl status memhpd", show_log}});
	else if (!daemon.running)
		findings.push_back({Level::problem,
				    "daemon-down",
				    "memhpd is not running",
				    "new memory is onlined without a policy, if at all, and nobody "
				    "goes on with an ejection that the kernel gives up",
				    {"systemctl enable --now memhpd"}});
	if (!daemon.enabled)
		findings.push_back({Level::problem,
				    "daemon-not-enabled",
				    "memhpd is not started at boot",
				    "after the next boot memory is without it",
				    {"systemctl enable memhpd"}});
	if (!facts.mistakes.empty())
		findings.push_back({Level::problem,
				    "configuration",
				    fmt::format("the configuration cannot be used: {}",
						fmt::join(facts.mistakes, "; ")),
				    "memhpd goes by an older one or the defaults, and after a "
				    "start takes nothing offline",
				    {"memhpctl policy check " + facts.config_path,
				     "systemctl reload memhpd"}});
	for (const auto &foreign : daemon.foreign)
		findings.push_back(
			{Level::problem,
			 "setting-changed",
			 fmt::format(
				 "another program keeps {} at {}; memhpd wants {} and has given "
				 "in",
				 foreign.setting, foreign.now, foreign.wanted),
			 "memory that comes may end in the wrong zone, or offline",
			 {"memhpctl doctor (other findings may name that program)",
			  "systemctl reload memhpd"}});
	if (!daemon.metrics_error.empty())
		findings.push_back({Level::problem,
				    "metrics",
				    "metrics are not written: " + daemon.metrics_error,
				    "whoever watches them sees old numbers",
				    {show_log}});
	if (daemon.unplugs_given_up > 0)
		findings.push_back(
			{Level::problem,
			 "unplug-given-up",
			 fmt::format(
				 "{} unplugs that the host asked for were given up since memhpd "
				 "began",
				 daemon.unplugs_given_up),
			 "the host did not get the memory back that it wanted",
			 {show_log, "then let the host ask again"}});
	if (daemon.stuck)
		findings.push_back(
			{Level::problem,
			 "unplug-stuck",
			 fmt::format("a kernel worker hangs in an offline of block {}",
				     *daemon.stuck),
			 "it holds the hotplug lock: no other memory comes or goes meanwhile",
			 {"memhpctl status"}});
	if (!facts.refused_hooks.empty())
		findings.push_back(
			{Level::problem,
			 "hooks",
			 fmt::format("programs of {} are not run: {}", facts.config.hooks.settled,
				     fmt::join(facts.refused_hooks, "; ")),
			 "what should be told of new memory is not told",
			 {"ls -lL " + facts.config.hooks.settled}});
	if (daemon.running && facts.others.our_rule == false)
		findings.push_back({Level::note,
				    "udev-rule-missing",
				    "the udev rule 80-memhp.rules is not installed, or masked",
				    "should memhpd ever be down, nobody onlines new memory",
				    {"ls -l /usr/lib/udev/rules.d/80-memhp.rules "
				     "/etc/udev/rules.d/80-memhp.rules"}});
	if (daemon.marker && !daemon.running)
		findings.push_back(
			{Level::problem,
			 "daemon-marker",
			 "memhpd left the mark that it is running (/run/memhpd/active), and does "
			 "not answer",
			 "as long as the mark is there the udev rule onlines nothing",
			 {restart}});
}

void diagnose_memory(const Facts &facts, std::vector<Finding> &findings)
{
	if (!facts.no_blocks.empty())
		return;
	diagnose_auto_online(facts, findings);
	diagnose_offline(facts, findings);
	diagnose_dimms(facts, findings);
	diagnose_ratio(facts, findings);
}

std::vector<Finding> diagnose(const Facts &facts)
{
	std::vector<Finding> findings;
	diagnose_daemon(facts, findings);
	diagnose_memory(facts, findings);
	diagnose_others(facts, findings);
	diagnose_kernel(facts, findings);
	diagnose_module(facts, findings);
	if (!facts.unreadable.empty())
		findings.push_back({Level::note,
				    "unreadable",
				    fmt::format("not everything could be read: {}",
						fmt::join(facts.unreadable, "; ")),
				    "there may be more to find",
				    {"sudo memhpctl doctor"}});
	std::stable_partition(findings.begin(), findings.end(), [](const Finding &finding) {
		return finding.level == Level::problem;
	});
	return findings;
}

} // namespace memhp
