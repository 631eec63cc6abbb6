// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "doctor_fixture.h"

namespace memhp
{
namespace
{

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
};

TEST(Doctor, EachFindingAndItsRemedy)
{
	for (const auto &one : cases)
		expect_findings(one);
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
