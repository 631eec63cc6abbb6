// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "program.h"
#include "tree.h"

namespace memhp
{

using nlohmann::json;
using Words = std::vector<std::string>;

/// Boot memory 0 to 3, a DIMM half online, a virtio-mem device in node 1.
class CommandLine : public testing::Test
{
protected:
	CommandLine()
	{
		for (uint64_t block = 0; block < 4; ++block)
			tree.add(block, "online", block == 0 ? "none" : "Normal");
		for (uint64_t block = 32; block < 36; ++block) {
			tree.add(block, block < 34 ? "online" : "offline",
				 block < 34 ? "Movable" : "Movable Normal");
			tree.own(block, "PNP0C80:01");
		}
		for (uint64_t block = 40; block < 42; ++block)
			tree.add(block, "online", "Movable", 1);
		tree.write("proc/iomem", "140000000-23fffffff : virtio0\n"
					 "  140000000-14fffffff : System RAM (virtio_mem)\n");
	}

	void load_module() const
	{
		tree.write("sys/kernel/debug/memhp/abi", "1\n");
		tree.write(
			"sys/kernel/debug/memhp/blocks",
			"block=0 early=1 changed_ns=0 comm=- work=-\n"
			"block=32 early=0 changed_ns=17 comm=bash work=-\n"
			"block=33 early=0 changed_ns=18 comm=kworker work=acpi_hotplug_work_fn\n");
		tree.write("sys/kernel/debug/memhp/events",
			   "seq=1 boot_ns=5 event=online block=32 comm=bash\n"
			   "seq=2 boot_ns=6 event=offline_failed block=33 stage=isolate err=16\n"
			   "event=lost count=3\n");
		tree.write("sys/kernel/debug/memhp/status", "seq=2\nuntracked=0\n");
	}

	Output ctl(Words words) const
	{
		words.insert(words.begin(), {"--sysroot", tree.root()});
		return run(MEMHPCTL, words);
	}

	MachineTree tree;
};

} // namespace memhp
