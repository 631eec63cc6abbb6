// SPDX-License-Identifier: GPL-2.0-only
// What is found out about the kernel, its module, and other programs.
#include <gtest/gtest.h>

#include "doctor_fixture.h"

namespace memhp
{
namespace
{

const Case cases[] = {
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

TEST(DoctorMachine, EachFindingAndItsRemedy)
{
	for (const auto &one : cases)
		expect_findings(one);
}

TEST(DoctorMachine, BootParameters)
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

} // namespace
} // namespace memhp
