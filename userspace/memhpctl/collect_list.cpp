// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/collect_list.h"

namespace memhp
{

std::vector<std::string> collected_files()
{
	// Never `probe`, `hard_offline_page` and the like, which only take; never a block's
	// `online`, which waits for an offline that is on its way.
	return {
		"sys/devices/system/memory/block_size_bytes",
		"sys/devices/system/memory/auto_online_blocks",
		"sys/devices/system/memory/crash_hotplug",
		"sys/devices/system/node/possible",
		"sys/devices/system/node/online",
		"sys/devices/system/node/has_*",
		"sys/devices/system/node/node*/meminfo",
		"sys/devices/system/node/node*/numastat",
		"sys/devices/system/node/node*/distance",
		"sys/devices/system/node/node*/cpulist",
		"sys/devices/system/node/node*/vmstat",
		"sys/devices/system/node/node*/hugepages/*/*_hugepages",
		"sys/module/memory_hotplug/parameters/*",
		"sys/module/memhp/version",
		"sys/module/memhp/parameters/*",
		"sys/kernel/debug/memhp/abi",
		"sys/kernel/debug/memhp/status",
		"sys/kernel/debug/memhp/blocks",
		"sys/kernel/debug/memhp/nodes",
		"sys/kernel/debug/memhp/latency",
		"sys/kernel/kexec_crash_loaded",
		"sys/kernel/security/lockdown",
		"sys/kernel/mm/hugepages/*/*_hugepages",
		"sys/kernel/mm/numa/demotion_enabled",
		"sys/bus/acpi/devices/PNP0C80:*/path",
		"sys/bus/acpi/devices/PNP0C80:*/status",
		"sys/bus/dax/devices/*/size",
		"sys/bus/dax/devices/*/resource",
		"sys/bus/dax/devices/*/target_node",
		"sys/bus/dax/devices/*/state",
		"sys/bus/virtio/devices/*/device",
		"sys/firmware/memmap/*/start",
		"sys/firmware/memmap/*/end",
		"sys/firmware/memmap/*/type",
		"proc/iomem",
		"proc/zoneinfo",
		"proc/meminfo",
		"proc/buddyinfo",
		"proc/pagetypeinfo",
		"proc/vmstat",
		"proc/swaps",
		"proc/modules",
		"proc/cmdline",
		"proc/version",
		"proc/uptime",
		"proc/pressure/memory",
		"proc/sys/kernel/osrelease",
		"proc/sys/vm/lowmem_reserve_ratio",
		"proc/sys/vm/min_free_kbytes",
		"proc/sys/vm/nr_*hugepages*",
		"proc/sys/vm/overcommit_*",
		"proc/sys/vm/watermark_*",
		"proc/sys/vm/zone_reclaim_mode",
		"proc/#/comm", // agents that online memory too
		"boot/config-{release}",
		"etc/os-release",
		"etc/modules",
		"etc/modules-load.d/*",
		"usr/lib/modules-load.d/*",
		"etc/daxctl.conf.d/*",
		"etc/memhp/memhpd.toml",
		"etc/udev/rules.d/*memory*",
		"etc/udev/rules.d/*memhp*",
		"etc/udev/rules.d/*hotplug*",
		"usr/lib/udev/rules.d/*memory*",
		"usr/lib/udev/rules.d/*memhp*",
		"usr/lib/udev/rules.d/*hotplug*",
		"run/memhp/settled.json",
	};
}

std::vector<std::string> collected_links()
{
	return {
		"sys/bus/vmbus/drivers/hv_balloon/*",
		"sys/bus/virtio/devices/*/driver",
		"etc/systemd/system/multi-user.target.wants/memhpd.service",
	};
}

bool fits(const std::string &name, const std::string &pattern)
{
	if (pattern == "#")
		return name.find_first_not_of("0123456789") == std::string::npos;
	// The last star, and where what it stands for ends, for another try.
	size_t star = std::string::npos;
	size_t mark = 0;
	size_t at = 0;
	size_t i = 0;
	while (i < name.size()) {
		if (at < pattern.size() && pattern[at] == '*') {
			star = at++;
			mark = i;
		} else if (at < pattern.size() && pattern[at] == name[i]) {
			++at;
			++i;
		} else if (star != std::string::npos) {
			at = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (at < pattern.size() && pattern[at] == '*')
		++at;
	return at == pattern.size();
}

} // namespace memhp
