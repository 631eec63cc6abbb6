// SPDX-License-Identifier: GPL-2.0-only
#include <cstdlib>
#include <functional>
#include <set>

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "program.h"
#include "tree.h"

namespace memhp
{
namespace
{

using nlohmann::json;

/// A machine on which all is well, but that nobody answers for memhpd: 0 to 7 of the boot, a DIMM
/// in 32 and 33.
class DoctorOfTree : public testing::Test
{
protected:
	DoctorOfTree()
	{
		for (uint64_t block = 0; block < 8; ++block)
			tree.add(block, "online", "Normal");
		for (uint64_t block = 32; block < 34; ++block) {
			tree.add(block, "online", "Movable");
			tree.own(block, "PNP0C80:01");
		}
		tree.write("sys/devices/system/memory/auto_online_blocks", "offline\n");
		tree.write("proc/sys/kernel/osrelease", "6.1\n");
		tree.write("proc/cmdline", "quiet\n");
		tree.write("boot/config-6.1",
			   "CONFIG_MEMORY_HOTPLUG=y\nCONFIG_MEMORY_HOTREMOVE=y\n"
			   "CONFIG_MIGRATION=y\nCONFIG_PROC_PAGE_MONITOR=y\nCONFIG_KPROBES=y\n");
		tree.write("proc/pressure/memory", "some avg10=0.00\n");
		tree.write("sys/kernel/debug/memhp/abi", "1\n");
		tree.write("sys/kernel/debug/memhp/status", "seq=2\nprobes=1\nuntracked=0\n");
		tree.write("sys/kernel/debug/memhp/blocks", "");
		tree.make_directory("sys/module/memhp");
		tree.write("usr/lib/udev/rules.d/80-memhp.rules", "ACTION!=\"add\"\n");
		tree.link("etc/systemd/system/multi-user.target.wants/memhpd.service",
			  "/usr/lib/systemd/system/memhpd.service");
	}

	/// Findings by their id; beside daemon-down, which a tree always has.
	std::map<std::string, json> findings() const
	{
		const auto output = run(MEMHPCTL, {"--sysroot", tree.root(), "doctor", "--json"});
		EXPECT_EQ(output.status, 1) << output.err;
		EXPECT_EQ(output.err, "");
		std::map<std::string, json> result;
		const auto document = json::parse(output.out);
		for (const auto &finding : document.at("findings"))
			result.emplace(finding.at("id"), finding);
		EXPECT_EQ(result.erase("daemon-down"), 1u);
		return result;
	}

	std::set<std::string> ids() const
	{
		std::set<std::string> result;
		for (const auto &[id, finding] : findings())
			result.insert(id);
		return result;
	}

	MachineTree tree;
};

using Ids = std::set<std::string>;

TEST_F(DoctorOfTree, NothingElseIsWrongAtFirst) { EXPECT_EQ(ids(), Ids()); }

TEST_F(DoctorOfTree, WhatIsPlantedIsFound)
{
	const struct {
		const char *id;
		const char *path; ///< and its content
		const char *content;
		const char *what;
	} cases[] = {
		{"udev-onlines", "etc/udev/rules.d/40-x.rules",
		 "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n", "/etc/udev/rules.d/40-x.rules"},
		{"udev-onlines", "usr/lib/udev/rules.d/40-x.rules",
		 "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n",
		 "/usr/lib/udev/rules.d/40-x.rules"},
		{"kdump-reload", "usr/lib/udev/rules.d/50-kdump.rules",
		 "SUBSYSTEM==\"memory\", RUN+=\"/usr/sbin/kdump-config reload\"\n", "50-kdump"},
		{"agent", "proc/117/comm", "nvidia-persiste\n", "nvidia-persiste"},
		{"boot-parameter", "proc/cmdline", "ro movable_node\n", "movable_node"},
		{"kernel-option", "boot/config-6.1",
		 "CONFIG_MEMORY_HOTPLUG=y\nCONFIG_MIGRATION=y\nCONFIG_PROC_PAGE_MONITOR=y\n"
		 "CONFIG_KPROBES=y\n",
		 "CONFIG_MEMORY_HOTREMOVE"},
		{"kdump-stale", "sys/kernel/kexec_crash_loaded", "1\n", "crash kernel"},
		{"lockdown", "sys/kernel/security/lockdown", "none integrity [confidentiality]\n",
		 "confidentiality"},
		{"module-abi", "sys/kernel/debug/memhp/abi", "99\n", "ABI '99'"},
		{"module-probes", "sys/kernel/debug/memhp/status", "probes=0\n", "probes"},
		{"configuration", "etc/memhp/memhpd.toml", "[online]\naction = \"lunch\"\n",
		 ":2:10: "},
		{"blocks-offline", "sys/devices/system/memory/memory32/state", "offline\n",
		 "blocks 32"},
		{"dimm-not-ejectable", "sys/devices/system/memory/memory33/valid_zones", "Normal\n",
		 "PNP0C80:01"},
		{"ratio", "etc/memhp/memhpd.toml", "[online]\nmax_movable_ratio = 0.1\n",
		 "movable"},
		{"auto-online", "sys/devices/system/memory/auto_online_blocks", "online\n",
		 "auto_online_blocks"},
		{"virtio-mem-driver", "sys/bus/virtio/devices/virtio3/device", "0x0018\n",
		 "virtio3"},
		{"hooks", "etc/memhp/settled.d/10-kdump", "#!/bin/sh\n", "not executable"},
	};
	for (const auto &[id, path, content, what] : cases) {
		const bool before = tree.exists(path);
		const auto old = tree.read(path);
		tree.write(path, content);
		const auto found = findings();
		EXPECT_EQ(found.size(), 1u) << path;
		if (const auto one = found.find(id); one != found.end())
			EXPECT_NE(one->second.at("what").get<std::string>().find(what),
				  std::string::npos)
				<< one->second;
		else
			ADD_FAILURE() << "not found: " << id << " by " << path;
		if (before)
			tree.write(path, old);
		else
			tree.remove(path);
	}
	EXPECT_EQ(ids(), Ids());
}

TEST_F(DoctorOfTree, WhatIsMissingIsFound)
{
	const struct {
		const char *id;
		const char *path;
	} cases[] = {
		{"kernel-config", "boot/config-6.1"},
		{"pressure", "proc/pressure/memory"},
		{"daemon-not-enabled", "etc/systemd/system/multi-user.target.wants/memhpd.service"},
		{"debugfs", "sys/kernel/debug/memhp/abi"},
		{"nobody-onlines", "usr/lib/udev/rules.d/80-memhp.rules"},
	};
	for (const auto &[id, path] : cases) {
		tree.move(path, "away");
		EXPECT_EQ(ids(), Ids{id});
		tree.move("away", path);
	}
}

TEST_F(DoctorOfTree, AMaskedRuleIsNone)
{
	const std::string text = "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n";
	tree.write("usr/lib/udev/rules.d/40-x.rules", text);
	tree.write("usr/lib/udev/rules.d/README", text);
	EXPECT_EQ(ids(), Ids{"udev-onlines"});
	tree.link("etc/udev/rules.d/40-x.rules", "/dev/null");
	EXPECT_EQ(ids(), Ids());
	tree.link("etc/udev/rules.d/80-memhp.rules", "/dev/null");
	EXPECT_EQ(ids(), Ids{"nobody-onlines"});
}

TEST_F(DoctorOfTree, TheModuleAsInstalled)
{
	tree.remove("sys/kernel/debug/memhp/abi");
	tree.remove("sys/module/memhp");
	EXPECT_EQ(ids(), Ids{"module-missing"});
	tree.write("lib/modules/6.1/modules.dep", "updates/dkms/memhp.ko.xz:\n");
	EXPECT_EQ(findings().at("module-not-loaded").at("level"), "note");
	tree.write("etc/modules-load.d/memhp.conf", "# by hand\nmemhp\n");
	EXPECT_EQ(findings().at("module-not-loaded").at("level"), "problem");
	tree.write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		   std::string("\6\0\0\0\1", 5));
	const auto what = findings().at("module-not-loaded").at("what").get<std::string>();
	EXPECT_NE(what.find("Secure Boot"), std::string::npos);
}

TEST_F(DoctorOfTree, AConfigurationThatTheKernelCarries)
{
	tree.move("boot/config-6.1", "config");
	ASSERT_EQ(
		std::system(("gzip -c " + tree.path("config") + " >" + tree.path("proc/config.gz"))
				    .c_str()),
		0);
	EXPECT_EQ(ids(), Ids());
	tree.write("proc/config.gz", "lunch");
	EXPECT_EQ(ids(), (Ids{"kernel-config", "unreadable"}));
}

TEST_F(DoctorOfTree, DaxctlBesideARuleOfOurs)
{
	tree.write("etc/daxctl.conf.d/dax.conf",
		   "[reconfigure-device unique]\nmode = system-ram\n");
	EXPECT_EQ(ids(), Ids());
	tree.write("etc/memhp/memhpd.toml",
		   "[[online.rule]]\nsource = \"dax-kmem\"\naction = \"movable\"\n");
	EXPECT_EQ(ids(), Ids{"daxctl"});
}

TEST_F(DoctorOfTree, WhatMemhpdHasLeftTellsWhatIsMeant)
{
	constexpr auto block = "sys/devices/system/memory/memory{}/state";
	for (const auto *number : {"32", "33"}) {
		auto path = std::string(block);
		tree.write(path.replace(path.find("{}"), 2, number), "offline\n");
	}
	const auto offline = [&] {
		const auto found = findings();
		const auto one = found.find("blocks-offline");
		return one == found.end() ? "" : one->second.at("what").get<std::string>();
	};
	EXPECT_NE(offline().find("blocks 32-33"), std::string::npos);
	tree.write("run/memhp/state.json",
		   R"({"version":2,"blocks":[{"block":32,"inode":7,"standing":"handled"},)"
		   R"({"block":33,"inode":8,"standing":"deliberate"}]})");
	EXPECT_NE(offline().find("blocks 32"), std::string::npos);
	EXPECT_EQ(offline().find("33"), std::string::npos);
	tree.write("run/memhp/state.json", "lunch");
	EXPECT_NE(offline().find("blocks 32-33"), std::string::npos);
}

TEST_F(DoctorOfTree, TheTreeOfAMachineWithADaemonIsClean)
{
	tree.write("run/memhpd/active", "");
	const auto output = run(MEMHPCTL, {"--sysroot", tree.root(), "doctor"});
	EXPECT_EQ(output.status, 0);
	EXPECT_EQ(output.out, "no problems, no notes");
}

TEST_F(DoctorOfTree, AKernelWithoutMemoryHotplug)
{
	tree.remove("sys/devices/system/memory");
	const auto found = findings();
	EXPECT_EQ(found.size(), 1u);
	EXPECT_EQ(found.count("no-memory-blocks"), 1u);
}

TEST_F(DoctorOfTree, IsReadableAsText)
{
	const auto output = run(MEMHPCTL, {"--sysroot", tree.root(), "doctor"});
	EXPECT_EQ(output.status, 1);
	EXPECT_EQ(output.out, "problem: daemon-down: memhpd is not running\n"
			      "    why: new memory is onlined without a policy, if at all, and "
			      "nobody goes on\n"
			      "         with an ejection that the kernel gives up\n"
			      "      $ systemctl enable --now memhpd\n"
			      "\n"
			      "1 problem, no notes");
	EXPECT_EQ(run(MEMHPCTL, {"--sysroot", "/nowhere/at/all", "doctor"}).status, 1);
	EXPECT_EQ(run(MEMHPCTL, {"doctor", "lunch"}).status, 2);
}

} // namespace
} // namespace memhp
