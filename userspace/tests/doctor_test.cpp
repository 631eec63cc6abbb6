// SPDX-License-Identifier: GPL-2.0-only
#include "core/doctor.h"

#include <functional>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t gib = 1ull << 30;
constexpr uint64_t block_size = 1 << 27;

Block block(uint64_t number, BlockState state, Zone zone, Source source, std::string device = "")
{
	Block one;
	one.number = number;
	one.state = state;
	one.zone = zone;
	one.node = 0;
	one.source = source;
	one.device = std::move(device);
	return one;
}

void recount(Facts &facts) { facts.count = count_memory(facts.blocks, facts.block_size, {}); }

/// 4 GiB of the boot and a DIMM of 1 GiB, online and movable; memhpd and the module at work.
Facts healthy()
{
	Facts facts;
	facts.kernel.release = "6.1";
	facts.kernel.config = parse_kernel_config(
		"CONFIG_MEMORY_HOTPLUG=y\nCONFIG_MEMORY_HOTREMOVE=y\nCONFIG_MIGRATION=y\n"
		"CONFIG_ACPI_HOTPLUG_MEMORY=y\nCONFIG_DEV_DAX_KMEM=m\nCONFIG_PROC_PAGE_MONITOR=y\n"
		"CONFIG_KPROBES=y\nCONFIG_VIRTIO_MEM=m\n");
	facts.kernel.acpi = facts.kernel.dax = facts.kernel.pressure = true;
	facts.kernel.settings = {{KernelSetting::auto_online_blocks, "offline"}};
	facts.kernel.lockdown = "none";
	facts.module.state = ModuleFacts::State::loaded;
	facts.others.our_rule = true;
	facts.daemon.running = facts.daemon.marker = facts.daemon.enabled = true;
	facts.daemon.deliberate.emplace();
	facts.config_path = "/etc/memhp/memhpd.toml";
	facts.block_size = block_size;
	for (uint64_t number = 0; number < 32; ++number)
		facts.blocks.push_back(
			block(number, BlockState::online, Zone::normal, Source::boot));
	for (uint64_t number = 64; number < 72; ++number)
		facts.blocks.push_back(block(number, BlockState::online, Zone::movable,
					     Source::acpi_dimm, "PNP0C80:01"));
	recount(facts);
	return facts;
}

void stop_daemon(Facts &facts)
{
	facts.daemon = DaemonFacts();
	facts.daemon.enabled = true;
}

void add_rule(Facts &facts, const std::string &path, const std::string &text)
{
	facts.others.rules.push_back({path, read_memory_rules(text)});
}

constexpr auto onlining_rule = "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"";
constexpr auto kdump_rule = "SUBSYSTEM==\"memory\", RUN+=\"/usr/sbin/kdump-config reload\"";

/// One thing that is wrong with a machine that is healthy else, and all that is to be said of it.
struct Case {
	const char *name;
	std::function<void(Facts &)> spoil;
	std::vector<std::string> problems;
	std::vector<std::string> notes;
	const char *what; ///< stands in the first of them
	const char *remedy;
};

const Case cases[] = {
	{"nothing", [](Facts &) {}, {}, {}, "", ""},
	{"no daemon",
	 [](Facts &facts) { stop_daemon(facts); },
	 {"daemon-down"},
	 {},
	 "not running",
	 "systemctl enable --now memhpd"},
	{"a daemon that does not answer",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.daemon.problem = "Permission denied";
	 },
	 {"daemon-silent"},
	 {},
	 "Permission denied",
	 "systemctl status memhpd"},
	{"a dead daemon's mark",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.daemon.marker = true;
	 },
	 {"daemon-down", "daemon-marker"},
	 {},
	 "not running",
	 "memhpd"},
	{"a daemon that is gone after the next boot",
	 [](Facts &facts) { facts.daemon.enabled = false; },
	 {"daemon-not-enabled"},
	 {},
	 "at boot",
	 "systemctl enable memhpd"},
	{"a bad configuration",
	 [](Facts &facts) { facts.mistakes = {"memhpd.toml:2:10: unknown key"}; },
	 {"configuration"},
	 {},
	 "memhpd.toml:2:10: unknown key",
	 "memhpctl policy check /etc/memhp/memhpd.toml"},
	{"a setting that another program wants",
	 [](Facts &facts) {
		 facts.daemon.foreign = {{"auto_online_blocks", "online", "offline"}};
	 },
	 {"setting-changed"},
	 {},
	 "auto_online_blocks at online; memhpd wants offline",
	 "systemctl reload memhpd"},
	{"metrics that cannot be written",
	 [](Facts &facts) { facts.daemon.metrics_error = "Read-only file system"; },
	 {"metrics"},
	 {},
	 "Read-only file system",
	 "journalctl -u memhpd"},
	{"unplugs that were given up",
	 [](Facts &facts) { facts.daemon.unplugs_given_up = 2; },
	 {"unplug-given-up"},
	 {},
	 "2 unplugs",
	 "journalctl -u memhpd"},
	{"an unplug that hangs",
	 [](Facts &facts) { facts.daemon.stuck = 64; },
	 {"unplug-stuck"},
	 {},
	 "block 64",
	 "memhpctl status"},
	{"programs that are not run",
	 [](Facts &facts) { facts.refused_hooks = {"10-kdump: it is not executable"}; },
	 {"hooks"},
	 {},
	 "10-kdump: it is not executable",
	 "/etc/memhp/settled.d"},
	{"no udev rule",
	 [](Facts &facts) { facts.others.our_rule = false; },
	 {},
	 {"udev-rule-missing"},
	 "80-memhp.rules",
	 "80-memhp.rules"},
	{"neither daemon nor rule",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.others.our_rule = false;
	 },
	 {"daemon-down", "nobody-onlines"},
	 {},
	 "memhpd",
	 "systemctl enable --now memhpd"},
	{"the kernel onlines, and no daemon",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.kernel.settings[KernelSetting::auto_online_blocks] = "online";
	 },
	 {"daemon-down", "auto-online"},
	 {},
	 "memhpd",
	 "memhpd"},
	{"the kernel onlines into a kernel zone",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.kernel.settings[KernelSetting::auto_online_blocks] = "online_kernel";
		 facts.kernel.settings[KernelSetting::online_policy] = "auto-movable";
	 },
	 {"daemon-down", "auto-online"},
	 {},
	 "memhpd",
	 "memhpd"},
	{"the kernel onlines as movable",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.kernel.settings[KernelSetting::auto_online_blocks] = "online_movable";
	 },
	 {"daemon-down"},
	 {},
	 "memhpd",
	 "memhpd"},
	{"the kernel onlines by the ratio",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.kernel.settings[KernelSetting::auto_online_blocks] = "online";
		 facts.kernel.settings[KernelSetting::online_policy] = "auto-movable";
	 },
	 {"daemon-down"},
	 {},
	 "memhpd",
	 "memhpd"},
	{"blocks that nobody cares for",
	 [](Facts &facts) {
		 facts.blocks[33].state = facts.blocks[34].state = BlockState::offline;
	 },
	 {"blocks-offline"},
	 {},
	 "256M of memory are offline, and nobody took them offline on purpose: blocks 65-66",
	 "memhpctl online 65-66"},
	{"blocks of which one is offline on purpose",
	 [](Facts &facts) {
		 facts.blocks[33].state = facts.blocks[34].state = BlockState::offline;
		 facts.daemon.deliberate = {65};
	 },
	 {"blocks-offline"},
	 {},
	 "blocks 66",
	 "memhpctl online 66"},
	{"blocks that are offline on purpose",
	 [](Facts &facts) {
		 facts.blocks[33].state = BlockState::offline;
		 facts.daemon.deliberate = {65};
	 },
	 {},
	 {},
	 "",
	 ""},
	{"blocks of which the daemon does not tell",
	 [](Facts &facts) {
		 facts.blocks[33].state = BlockState::offline;
		 facts.daemon.deliberate.reset();
	 },
	 {},
	 {},
	 "",
	 ""},
	{"blocks that are on their way",
	 [](Facts &facts) {
		 facts.blocks[33].state = BlockState::offline;
		 facts.daemon.pending = 1;
	 },
	 {},
	 {},
	 "",
	 ""},
	{"blocks that policy leaves",
	 [](Facts &facts) {
		 facts.blocks[33].state = BlockState::offline;
		 facts.config.online.action = OnlineAction::leave;
	 },
	 {},
	 {},
	 "",
	 ""},
	{"blocks that policy wants offline",
	 [](Facts &facts) {
		 facts.blocks[33].state = BlockState::offline;
		 facts.config.online.action = OnlineAction::offline;
	 },
	 {},
	 {},
	 "",
	 ""},
	{"blocks that nobody onlines",
	 [](Facts &facts) {
		 stop_daemon(facts);
		 facts.blocks[33].state = BlockState::offline;
	 },
	 {"daemon-down", "blocks-offline"},
	 {},
	 "memhpd",
	 "memhpd"},
	{"a DIMM partly in a kernel zone",
	 [](Facts &facts) { facts.blocks[35].zone = facts.blocks[36].zone = Zone::normal; },
	 {"dimm-not-ejectable"},
	 {},
	 "PNP0C80:01 could not be ejected: 2 of its 8 blocks are in a kernel zone (67-68)",
	 "memhpctl offline 67-68 && memhpctl online 67-68"},
	{"a DIMM in a kernel zone by policy",
	 [](Facts &facts) {
		 facts.blocks[35].zone = Zone::normal;
		 facts.config.online.action = OnlineAction::kernel;
	 },
	 {},
	 {},
	 "",
	 ""},
	{"too much movable memory",
	 [](Facts &facts) { facts.config.online.max_movable_ratio = 0.1; },
	 {"ratio"},
	 {},
	 "BEYOND max_movable_ratio",
	 "memhpctl status"},
	{"no room for a memmap",
	 [](Facts &facts) { facts.count.available = 1000; },
	 {"memmap"},
	 {},
	 "memmap of another device",
	 "memhpctl status"},
	{"a rule that onlines",
	 [](Facts &facts) {
		 add_rule(facts, "/usr/lib/udev/rules.d/40-vm-hotadd.rules", onlining_rule);
	 },
	 {"udev-onlines"},
	 {},
	 "/usr/lib/udev/rules.d/40-vm-hotadd.rules onlines memory too: SUBSYSTEM",
	 "ln -s /dev/null /etc/udev/rules.d/40-vm-hotadd.rules"},
	{"a rule of the administrator that onlines",
	 [](Facts &facts) { add_rule(facts, "/etc/udev/rules.d/99-own.rules", onlining_rule); },
	 {"udev-onlines"},
	 {},
	 "99-own.rules",
	 "mv /etc/udev/rules.d/99-own.rules /etc/udev/rules.d/99-own.rules.off"},
	{"a program for each block",
	 [](Facts &facts) {
		 add_rule(facts, "/etc/udev/rules.d/99-own.rules",
			  "SUBSYSTEM==\"memory\", RUN+=\"/usr/bin/tell\"");
	 },
	 {},
	 {"udev-runs"},
	 "/usr/bin/tell",
	 "/etc/memhp/settled.d"},
	{"kdump at each block",
	 [](Facts &facts) {
		 add_rule(facts, "/usr/lib/udev/rules.d/50-kdump-tools.rules", kdump_rule);
	 },
	 {"kdump-reload"},
	 {},
	 "50-kdump-tools.rules",
	 "50-kdump-tools.rules"},
	{"kdump at each block, for nothing",
	 [](Facts &facts) {
		 facts.kernel.crash_hotplug = true;
		 add_rule(facts, "/usr/lib/udev/rules.d/50-kdump-tools.rules", kdump_rule);
	 },
	 {"kdump-reload"},
	 {},
	 "keeps it up to date itself",
	 "50-kdump-tools.rules"},
	{"kdump where the kernel does it",
	 [](Facts &facts) {
		 facts.kernel.crash_hotplug = true;
		 add_rule(facts, "/usr/lib/udev/rules.d/98-kexec.rules",
			  std::string("SUBSYSTEM==\"memory\", ATTRS{crash_hotplug}==\"1\", "
				      "GOTO=\"over\"\n") +
				  kdump_rule);
	 },
	 {},
	 {},
	 "",
	 ""},
	{"kdump with a throttle",
	 [](Facts &facts) {
		 add_rule(facts, "/usr/lib/udev/rules.d/98-kexec.rules",
			  "SUBSYSTEM==\"memory\", RUN+=\"/usr/lib/udev/kdump-udev-throttler\"");
	 },
	 {},
	 {},
	 "",
	 ""},
	{"kdump that nobody tells",
	 [](Facts &facts) { facts.kernel.kdump = true; },
	 {"kdump-stale"},
	 {},
	 "crash kernel",
	 "/etc/memhp/settled.d"},
	{"kdump that a program tells",
	 [](Facts &facts) {
		 facts.kernel.kdump = true;
		 facts.hooks = {"10-kdump"};
	 },
	 {},
	 {},
	 "",
	 ""},
	{"an agent",
	 [](Facts &facts) {
		 facts.others.processes = {"init", "nvidia-persiste"};
	 },
	 {},
	 {"agent"},
	 "nvidia-persiste is running",
	 "leave"},
	{"daxctl, and a rule of memhpd",
	 [](Facts &facts) {
		 OnlineRule rule;
		 rule.source = Source::dax_kmem;
		 facts.config.online.rules = {rule};
		 facts.others.daxctl_reconfigures = true;
	 },
	 {"daxctl"},
	 {},
	 "source=dax-kmem",
	 "/etc/daxctl.conf.d"},
	{"daxctl, and memhpd that leaves dax",
	 [](Facts &facts) {
		 OnlineRule rule;
		 rule.source = Source::dax_kmem;
		 rule.action = OnlineAction::leave;
		 facts.config.online.rules = {rule};
		 facts.others.daxctl_reconfigures = true;
	 },
	 {},
	 {},
	 "",
	 ""},
	{"no memory blocks",
	 [](Facts &facts) {
		 facts.no_blocks = "this kernel has no memory hotplug";
		 facts.kernel.config->erase("MEMORY_HOTPLUG");
	 },
	 {"no-memory-blocks", "kernel-option"},
	 {},
	 "this kernel has no memory hotplug",
	 "kernel"},
	{"a kernel that takes nothing offline",
	 [](Facts &facts) { facts.kernel.config->erase("MEMORY_HOTREMOVE"); },
	 {"kernel-option"},
	 {},
	 "without CONFIG_MEMORY_HOTREMOVE",
	 "kernel"},
	{"a kernel without ACPI hotplug where there is no ACPI",
	 [](Facts &facts) {
		 facts.kernel.acpi = facts.kernel.dax = false;
		 facts.kernel.config->erase("ACPI_HOTPLUG_MEMORY");
		 facts.kernel.config->erase("DEV_DAX_KMEM");
	 },
	 {},
	 {},
	 "",
	 ""},
	{"a kernel without ACPI hotplug",
	 [](Facts &facts) { facts.kernel.config->erase("ACPI_HOTPLUG_MEMORY"); },
	 {"kernel-option"},
	 {},
	 "CONFIG_ACPI_HOTPLUG_MEMORY",
	 "kernel"},
	{"a kernel without probes",
	 [](Facts &facts) { facts.kernel.config->erase("KPROBES"); },
	 {},
	 {"kernel-option"},
	 "CONFIG_KPROBES",
	 "kernel"},
	{"a kernel of which nothing is known",
	 [](Facts &facts) { facts.kernel.config.reset(); },
	 {},
	 {"kernel-config"},
	 "/boot/config-6.1",
	 ""},
	{"a virtio-mem device without its driver",
	 [](Facts &facts) { facts.kernel.virtio_mem_idle = {"virtio3"}; },
	 {"virtio-mem-driver"},
	 {},
	 "virtio3 has no driver",
	 "modprobe virtio_mem"},
	{"a virtio-mem device, and no driver to be had",
	 [](Facts &facts) {
		 facts.kernel.virtio_mem_idle = {"virtio3"};
		 facts.kernel.config->erase("VIRTIO_MEM");
	 },
	 {"virtio-mem-driver"},
	 {},
	 "CONFIG_VIRTIO_MEM",
	 "kernel"},
	{"no pressure",
	 [](Facts &facts) { facts.kernel.pressure = false; },
	 {},
	 {"pressure"},
	 "memory pressure",
	 "psi=1"},
	{"a lockdown",
	 [](Facts &facts) { facts.kernel.lockdown = "confidentiality"; },
	 {},
	 {"lockdown"},
	 "confidentiality",
	 ""},
	{"a lockdown that hides nothing",
	 [](Facts &facts) { facts.kernel.lockdown = "integrity"; },
	 {},
	 {},
	 "",
	 ""},
	{"no module",
	 [](Facts &facts) { facts.module = {}; },
	 {},
	 {"module-missing"},
	 "not installed for the kernel 6.1",
	 "dkms"},
	{"no module where one is wanted",
	 [](Facts &facts) {
		 facts.module = {};
		 facts.module.at_boot = true;
	 },
	 {"module-missing"},
	 {},
	 "6.1",
	 "dkms"},
	{"a module that is not loaded",
	 [](Facts &facts) { facts.module.state = ModuleFacts::State::installed; },
	 {},
	 {"module-not-loaded"},
	 "installed and not loaded",
	 "modprobe memhp"},
	{"a module that is not loaded, and Secure Boot",
	 [](Facts &facts) {
		 facts.module.state = ModuleFacts::State::installed;
		 facts.module.at_boot = facts.kernel.secure_boot = true;
	 },
	 {"module-not-loaded"},
	 {},
	 "Secure Boot",
	 "mokutil --import"},
	{"a module without debugfs",
	 [](Facts &facts) { facts.module.state = ModuleFacts::State::no_debugfs; },
	 {"debugfs"},
	 {},
	 "not mounted",
	 "mount -t debugfs"},
	{"a module of another ABI",
	 [](Facts &facts) {
		 facts.module.state = ModuleFacts::State::other_abi;
		 facts.module.problem = "speaks ABI '99'";
	 },
	 {"module-abi"},
	 {},
	 "ABI '99'",
	 "modprobe memhp"},
	{"a module without probes",
	 [](Facts &facts) { facts.module.probes = 0; },
	 {},
	 {"module-probes"},
	 "without probes",
	 "modprobe memhp"},
	{"a module short of memory",
	 [](Facts &facts) { facts.module.untracked = 7; },
	 {},
	 {"module-untracked"},
	 "7 events",
	 "memhpctl events"},
	{"files that cannot be read",
	 [](Facts &facts) { facts.unreadable = {"proc/iomem: Permission denied"}; },
	 {},
	 {"unreadable"},
	 "proc/iomem: Permission denied",
	 "sudo memhpctl doctor"},
};

std::vector<std::string> ids(const std::vector<Finding> &findings, Finding::Level level)
{
	std::vector<std::string> result;
	for (const auto &finding : findings)
		if (finding.level == level)
			result.push_back(finding.id);
	return result;
}

TEST(Doctor, EachFindingAndItsRemedy)
{
	for (const auto &one : cases) {
		SCOPED_TRACE(one.name);
		auto facts = healthy();
		one.spoil(facts);
		const auto findings = diagnose(facts);
		EXPECT_EQ(ids(findings, Finding::Level::problem), one.problems);
		EXPECT_EQ(ids(findings, Finding::Level::note), one.notes);
		if (findings.empty())
			continue;
		EXPECT_NE(findings[0].what.find(one.what), std::string::npos) << findings[0].what;
		EXPECT_NE(findings[0].why, "");
		std::string remedy;
		for (const auto &line : findings[0].remedy)
			remedy += line + "\n";
		EXPECT_NE(remedy.find(one.remedy), std::string::npos) << remedy;
	}
}

TEST(Doctor, BootParameters)
{
	const struct {
		const char *line;
		const char *level; ///< "" where there is nothing to say
	} lines[] = {
		{"quiet", ""},
		{"memhp_default_state=online", "problem"},
		{"memhp_default_state=online_kernel", "problem"},
		{"memhp_default_state=online_movable", "note"},
		{"memhp_default_state=offline", ""},
		{"acpi_no_memhotplug", "problem"},
		{"movable_node", "note"},
		{"kernelcore=2G", "note"},
		{"movablecore=30%", "note"},
		{"memory_hotplug.memmap_on_memory=on", ""},
		{"memory_hotplug.memmap_on_memory=force", "note"},
	};
	for (const auto &[line, level] : lines) {
		auto facts = healthy();
		facts.kernel.parameters = parse_command_line(line);
		const auto findings = diagnose(facts);
		ASSERT_EQ(findings.size(), *level ? 1u : 0u) << line;
		if (findings.empty())
			continue;
		EXPECT_EQ(findings[0].id, "boot-parameter");
		EXPECT_EQ(word_for(finding_level_words, findings[0].level), level) << line;
		EXPECT_NE(findings[0].what.find(line), std::string::npos);
		EXPECT_NE(findings[0].remedy.at(0).find(line), std::string::npos);
	}
}

TEST(Doctor, ProblemsComeFirst)
{
	auto facts = healthy();
	facts.kernel.pressure = false;
	facts.module.state = ModuleFacts::State::no_debugfs;
	facts.daemon.enabled = facts.others.our_rule = false;
	std::vector<std::string> all;
	for (const auto &finding : diagnose(facts))
		all.push_back(finding.id);
	EXPECT_EQ(all, (std::vector<std::string>{"daemon-not-enabled", "debugfs",
						 "udev-rule-missing", "pressure"}));
}

TEST(Doctor, RemediesForTheMemmapDependOnTheKernel)
{
	auto facts = healthy();
	facts.count.available = 1000;
	EXPECT_EQ(diagnose(facts).at(0).remedy.size(), 2u);
	facts.config.online.hard_ratio.reset();
	EXPECT_EQ(diagnose(facts).at(0).id, "memmap") << "whatever the bounds";
}

TEST(Doctor, MachinesOfOtherSizes)
{
	auto facts = healthy();
	facts.block_size = gib;
	facts.blocks[33].state = BlockState::offline;
	EXPECT_NE(diagnose(facts).at(0).what.find("1G of memory"), std::string::npos);
}

} // namespace
} // namespace memhp
