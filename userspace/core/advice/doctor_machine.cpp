// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/advice/doctor.h"

namespace memhp
{
namespace
{

using Level = Finding::Level;

constexpr auto reload_rules = "udevadm control --reload";

/// An option of the kernel that something depends on.
struct Option {
	std::string_view name;
	Level level;
	bool (*wanted)(const KernelFacts &);
	std::string_view why;
};

bool always(const KernelFacts &) { return true; }

constexpr std::array<Option, 7> options = {{
	{"MEMORY_HOTPLUG", Level::problem, always, "no memory can be added while the machine runs"},
	{"MEMORY_HOTREMOVE", Level::problem, always, "no memory can go offline or be given back"},
	{"MIGRATION", Level::problem, always,
	 "memory in use cannot be moved away, so that no block in use goes offline"},
	{"ACPI_HOTPLUG_MEMORY", Level::problem,
	 [](const KernelFacts &kernel) { return kernel.acpi; },
	 "DIMMs that the firmware announces are not added"},
	{"DEV_DAX_KMEM", Level::problem, [](const KernelFacts &kernel) { return kernel.dax; },
	 "the memory of the dax devices that are here cannot be used as system RAM"},
	{"PROC_PAGE_MONITOR", Level::note, always,
	 "which blocks are cheap to take offline cannot be seen, nor broken pages"},
	{"KPROBES", Level::note, always,
	 "the module memhp cannot see attempts that fail before any notification"},
}};

/// For machines that boot with grub, as most do.
std::vector<std::string> boot_without(const std::string &parameter)
{
	return {fmt::format("remove {} from GRUB_CMDLINE_LINUX in /etc/default/grub", parameter),
		"update-grub, then boot again"};
}

void diagnose_parameters(const Facts &facts, std::vector<Finding> &findings)
{
	const auto add = [&](Level level, const std::string &name, const std::string &value,
			     std::string_view why) {
		const auto text = value.empty() ? name : name + "=" + value;
		findings.push_back({level, "boot-parameter",
				    fmt::format("the kernel was booted with {}", text),
				    std::string(why), boot_without(text)});
	};
	for (const auto &[name, value] : facts.kernel.parameters) {
		if (name == "memhp_default_state" &&
		    (value == "online" || value == "online_kernel"))
			add(Level::problem, name, value,
			    "memory that comes before memhpd runs, or while it is down, goes into "
			    "a "
			    "kernel zone and can hardly be given back");
		else if (name == "memhp_default_state" && value == "online_movable")
			add(Level::note, name, value,
			    "while memhpd is not running all new memory is movable, whatever the "
			    "ratio to kernel memory");
		else if (name == "acpi_no_memhotplug")
			add(Level::problem, name, value, "the kernel adds no DIMM");
		else if (name == "movable_node")
			add(Level::note, name, value,
			    "all memory of nodes that firmware calls hotpluggable is movable from "
			    "the boot on: it counts in the ratio, and such a node has no kernel "
			    "memory of its own");
		else if (name == "kernelcore" || name == "movablecore")
			add(Level::note, name, value,
			    "part of the memory of the boot is movable: it leaves less kernel "
			    "memory for what is plugged in");
		else if (name == "memory_hotplug.memmap_on_memory" && value == "force")
			add(Level::note, name, value,
			    "each block keeps room for its own memmap, rounded up to whole page "
			    "blocks, which wastes memory where blocks are small");
	}
}

/// How to keep udev from reading a file.
std::vector<std::string> mask(const std::string &path)
{
	const auto name = path.substr(path.rfind('/') + 1);
	if (path.compare(0, 5, "/etc/") == 0)
		return {fmt::format("mv {0} {0}.off", path), reload_rules};
	return {fmt::format("ln -s /dev/null /etc/udev/rules.d/{}", name), reload_rules};
}

void diagnose_rules(const Facts &facts, std::vector<Finding> &findings)
{
	for (const auto &[path, rules] : facts.others.rules) {
		if (!rules.onlines.empty())
			findings.push_back(
				{Level::problem, "udev-onlines",
				 fmt::format("{} onlines memory too: {}", path, rules.onlines),
				 "it is done block by block, in an order that is slow, and without "
				 "a policy: what it puts into a kernel zone does not come out "
				 "again",
				 mask(path)});
		if (rules.runs.empty() || rules.throttled)
			continue;
		if (!rules.kdump) {
			findings.push_back(
				{Level::note,
				 "udev-runs",
				 fmt::format("{} runs a program for each memory block: {}", path,
					     rules.runs),
				 "a DIMM has hundreds of blocks: so many programs at once eat the "
				 "memory that the machine waits for",
				 {fmt::format("put it into {} instead",
					      facts.config.hooks.settled)}});
			continue;
		}
		if (facts.kernel.crash_hotplug && rules.crash_hotplug)
			continue;
		auto remedy = mask(path);
		if (!facts.kernel.crash_hotplug)
			remedy.push_back(fmt::format("put the reload into {}, which is run once "
						     "after each burst",
						     facts.config.hooks.settled));
		findings.push_back(
			{Level::problem, "kdump-reload",
			 fmt::format("{} loads the crash kernel again at each memory block{}", path,
				     facts.kernel.crash_hotplug
					     ? ", although this kernel keeps it up to date itself"
					     : ""),
			 "a DIMM of hundreds of blocks keeps the machine busy with it for minutes",
			 remedy});
	}
}

/// A program that changes the state of memory blocks.
struct Agent {
	std::string_view process; ///< as /proc/PID/comm has it: 15 bytes at most
	Level level;
	std::string_view what;
	std::string_view remedy;
};

constexpr std::array<Agent, 6> agents = {{
	{"daxctl", Level::note, "onlines or takes offline the memory of dax devices right now",
	 "wait until it has ended"},
	{"chmem", Level::note, "onlines or takes offline memory right now",
	 "wait until it has ended"},
	{"drmgr", Level::note, "adds or removes memory right now", "wait until it has ended"},
	{"nvidia-persiste", Level::note, "onlines the memory of its GPUs itself",
	 "leave those to it: [[online.rule]] with their node and action = \"leave\""},
	{"qemu-ga", Level::note, "onlines or takes offline blocks when the host says so",
	 "let the host use device_del instead of guest-set-memory-blocks"},
	{"kata-agent", Level::note, "onlines new memory itself", "leave memory to one of the two"},
}};

void diagnose_agents(const Facts &facts, std::vector<Finding> &findings)
{
	for (const auto &agent : agents) {
		const auto &running = facts.others.processes;
		if (std::find(running.begin(), running.end(), agent.process) == running.end())
			continue;
		findings.push_back({agent.level,
				    "agent",
				    fmt::format("{} is running: it {}", agent.process, agent.what),
				    "two that change the same memory undo each other's work",
				    {std::string(agent.remedy)}});
	}
	if (!facts.others.daxctl_reconfigures)
		return;
	for (const auto &rule : facts.config.online.rules) {
		if (rule.source != Source::dax_kmem || rule.action == OnlineAction::leave)
			continue;
		findings.push_back(
			{Level::problem,
			 "daxctl",
			 fmt::format("daxctl is set up to online dax devices, and a rule of {} has "
				     "memhpd do so ({})",
				     facts.config_path, describe(rule)),
			 "daxctl gives up where somebody else onlines its memory",
			 {"remove the section from /etc/daxctl.conf.d",
			  fmt::format("or set action = \"leave\" in {}", facts.config_path)}});
		return;
	}
}

} // namespace

void diagnose_kernel(const Facts &facts, std::vector<Finding> &findings)
{
	const auto &kernel = facts.kernel;
	if (!facts.no_blocks.empty())
		findings.push_back({Level::problem,
				    "no-memory-blocks",
				    facts.no_blocks,
				    "nothing here can be onlined or taken offline",
				    {"use a kernel with CONFIG_MEMORY_HOTPLUG"}});
	if (!kernel.config)
		findings.push_back(
			{Level::note,
			 "kernel-config",
			 kernel.release.empty()
				 ? "which kernel this is, and how it was built, is not known"
				 : fmt::format("how the kernel {} was built is not known: there is "
					       "neither /boot/config-{} nor /proc/config.gz",
					       kernel.release, kernel.release),
			 "missing options cannot be named",
			 {}});
	for (const auto &option : options)
		if (kernel.config && option.wanted(kernel) && !kernel.config->count(option.name))
			findings.push_back(
				{option.level,
				 "kernel-option",
				 fmt::format("the kernel {} is built without CONFIG_{}",
					     kernel.release, option.name),
				 std::string(option.why),
				 {"use a kernel of the distribution, or build one with it"}});
	if (!kernel.virtio_mem_idle.empty()) {
		const bool built = !kernel.config || kernel.config->count("VIRTIO_MEM");
		findings.push_back(
			{Level::problem,
			 "virtio-mem-driver",
			 fmt::format("the virtio-mem device {} has no driver{}",
				     fmt::join(kernel.virtio_mem_idle, ", "),
				     built ? ""
					   : ": the kernel is built without CONFIG_VIRTIO_MEM"),
			 "the host cannot give this machine memory through it",
			 {built ? "modprobe virtio_mem"
				: "use a kernel of the distribution, or build one with it"}});
	}
	if (!kernel.pressure)
		findings.push_back({Level::note,
				    "pressure",
				    "the kernel does not measure memory pressure "
				    "(/proc/pressure/memory)",
				    "offline.max_pressure has no effect: offlining does not wait "
				    "while others do",
				    {"boot with psi=1"}});
	diagnose_parameters(facts, findings);
	if (kernel.kdump && !kernel.crash_hotplug && facts.hooks.empty() &&
	    std::none_of(facts.others.rules.begin(), facts.others.rules.end(),
			 [](const RuleFile &file) { return file.rules.kdump; }))
		findings.push_back(
			{Level::problem,
			 "kdump-stale",
			 "a crash kernel is loaded, and nobody tells it of memory that comes or "
			 "goes",
			 "a dump would lack what came since, or fail at what is gone",
			 {fmt::format("put a program into {} that runs kdump-config reload",
				      facts.config.hooks.settled)}});
	if (kernel.lockdown == "confidentiality")
		findings.push_back({Level::note,
				    "lockdown",
				    "the kernel is locked down (confidentiality)",
				    "the module memhp cannot use probes: of failed attempts it "
				    "sees only those "
				    "that notify",
				    {}});
}

void diagnose_module(const Facts &facts, std::vector<Finding> &findings)
{
	const auto &module = facts.module;
	constexpr auto without =
		"without it there is no history, and of a failure neither where in the kernel it "
		"happened nor who asked";
	constexpr auto boot_line =
		"echo memhp >/etc/modules-load.d/memhp.conf (to load it at each boot)";
	const auto add = [&](std::string id, std::string what, std::string why,
			     std::vector<std::string> remedy, Level level) {
		findings.push_back(
			{level, std::move(id), std::move(what), std::move(why), std::move(remedy)});
	};
	const auto wanted = module.at_boot ? Level::problem : Level::note;
	switch (module.state) {
	case ModuleFacts::State::absent:
		add("module-missing",
		    fmt::format("the module memhp is not installed for the kernel {}",
				facts.kernel.release),
		    without, {"dkms install -m memhp (or make install, in memhp's source)"},
		    wanted);
		break;
	case ModuleFacts::State::installed:
		add("module-not-loaded",
		    fmt::format("the module memhp is installed and not loaded{}",
				facts.kernel.secure_boot
					? "; with Secure Boot it must be signed with a key that "
					  "this machine trusts"
					: ""),
		    without,
		    facts.kernel.secure_boot
			    ? std::vector<std::string>{"mokutil --import KEY.der, then boot again",
						       "modprobe memhp", boot_line}
			    : std::vector<std::string>{"modprobe memhp", boot_line},
		    wanted);
		break;
	case ModuleFacts::State::no_debugfs:
		add("debugfs", "the module memhp is loaded, and debugfs is not mounted",
		    "what it knows cannot be read",
		    {"mount -t debugfs debugfs /sys/kernel/debug",
		     "systemctl unmask sys-kernel-debug.mount (for the next boot)"},
		    Level::problem);
		break;
	case ModuleFacts::State::other_abi:
		add("module-abi", module.problem, "it counts as absent",
		    {"rmmod memhp && modprobe memhp"}, Level::problem);
		break;
	case ModuleFacts::State::unreadable:
	case ModuleFacts::State::loaded:
		break;
	}
	if (module.state != ModuleFacts::State::loaded)
		return;
	if (module.probes == 0)
		add("module-probes", "the module memhp works without probes",
		    "attempts that fail before any notification are not recorded",
		    {"rmmod memhp && modprobe memhp (and look at the kernel's log)"}, Level::note);
	if (module.untracked > 0)
		add("module-untracked",
		    fmt::format("the module memhp had no memory to keep {} events apart by block",
				module.untracked),
		    "what list and events say of those blocks may be old", {"memhpctl events"},
		    Level::note);
}

void diagnose_others(const Facts &facts, std::vector<Finding> &findings)
{
	diagnose_rules(facts, findings);
	diagnose_agents(facts, findings);
}

} // namespace memhp
