// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/advice/doctor.h"

namespace memhp
{

inline constexpr uint64_t gib = 1ull << 30;
inline constexpr uint64_t block_size = 1 << 27;

inline Block block(uint64_t number, BlockState state, Zone zone, Source source,
		   std::string device = "")
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

inline void recount(Facts &facts)
{
	facts.count = count_memory(facts.blocks, facts.block_size, {});
}

/// 4 GiB of the boot and a DIMM of 1 GiB, online and movable; memhpd and the module at work.
inline Facts healthy()
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

inline void stop_daemon(Facts &facts)
{
	facts.daemon = DaemonFacts();
	facts.daemon.enabled = true;
}

inline void add_rule(Facts &facts, const std::string &path, const std::string &text)
{
	facts.others.rules.push_back({path, read_memory_rules(text)});
}

inline constexpr auto onlining_rule = "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"";
inline constexpr auto kdump_rule = "SUBSYSTEM==\"memory\", RUN+=\"/usr/sbin/kdump-config reload\"";

/// One thing that is wrong with a machine that is healthy else, and all that is to be said of it.
struct Case {
	const char *name;
	std::function<void(Facts &)> spoil;
	std::vector<std::string> problems;
	std::vector<std::string> notes;
	const char *what; ///< stands in the first of them
	const char *remedy;
};

inline std::vector<std::string> ids(const std::vector<Finding> &findings, Finding::Level level)
{
	std::vector<std::string> result;
	for (const auto &finding : findings)
		if (finding.level == level)
			result.push_back(finding.id);
	return result;
}

inline void expect_findings(const Case &one)
{
	SCOPED_TRACE(one.name);
	auto facts = healthy();
	one.spoil(facts);
	const auto findings = diagnose(facts);
	EXPECT_EQ(ids(findings, Finding::Level::problem), one.problems);
	EXPECT_EQ(ids(findings, Finding::Level::note), one.notes);
	if (findings.empty())
		return;
	EXPECT_NE(findings[0].what.find(one.what), std::string::npos) << findings[0].what;
	EXPECT_NE(findings[0].why, "");
	std::string remedy;
	for (const auto &line : findings[0].remedy)
		remedy += line + "\n";
	EXPECT_NE(remedy.find(one.remedy), std::string::npos) << remedy;
}

} // namespace memhp
