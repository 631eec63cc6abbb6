// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/advice/udev_rules.h"
#include "core/config/config.h"
#include "core/kernel/kernel_options.h"
#include "core/online/ratio.h"
#include "core/online/setting.h"

namespace memhp
{

/// Something about a machine that a person should know of.
struct Finding {
	enum class Level {
		problem, ///< memory hotplug does not work, or not as it is wanted
		note,	 ///< could be better, or explains what is seen; the machine is sound
	};

	Level level = Level::problem;
	std::string id;			 ///< stays the same over versions: "udev-onlines"
	std::string what;		 ///< a sentence without its period
	std::string why;		 ///< why it matters; the same
	std::vector<std::string> remedy; ///< lines to type, or to put into a file
};

inline constexpr Words<Finding::Level, 2> finding_level_words = {{
	{Finding::Level::problem, "problem"},
	{Finding::Level::note, "note"},
}};

/// A file of udev rules that is in force.
struct RuleFile {
	std::string path; ///< "/etc/udev/rules.d/40-vm-hotadd.rules"
	MemoryRules rules;
};

struct KernelFacts {
	std::string release;
	std::optional<KernelConfig> config; ///< nothing: its file was not found
	BootParameters parameters;
	bool acpi = false;
	bool dax = false;	    ///< there are dax devices
	bool pressure = false;	    ///< it measures memory pressure
	bool kdump = false;	    ///< a crash kernel is loaded
	bool crash_hotplug = false; ///< the kernel itself tells it of memory that comes
	std::vector<std::string> virtio_mem_idle; ///< virtio-mem devices without a driver
	SettingValues settings;
	std::string lockdown; ///< "none", "integrity", "confidentiality"; empty: not known
	bool secure_boot = false;
};

struct ModuleFacts {
	enum class State { absent, installed, no_debugfs, other_abi, unreadable, loaded };
	State state = State::absent;
	std::string problem;	///< of other_abi and unreadable
	bool at_boot = false;	///< modules-load.d names it
	uint64_t probes = 1;	///< of a loaded one: 0 without
	uint64_t untracked = 0; ///< events that it had no memory for
};

/// What other programs of the machine do about memory.
struct OthersFacts {
	std::vector<RuleFile> rules;	    ///< those that concern memory, without ours
	bool our_rule = false;		    ///< 80-memhp.rules is in force
	std::vector<std::string> processes; ///< by their names
	bool daxctl_reconfigures = false;   ///< daxctl is set up to online dax devices
};

struct DaemonFacts {
	/// A kernel setting that another program changed.
	struct Foreign {
		std::string setting;
		std::string now;
		std::string wanted;
	};

	bool running = false; ///< it answers
	bool marker = false;  ///< it says that it runs
	bool enabled = false; ///< it is started at boot
	std::string problem;  ///< why it does not answer, where that is not because it is not there
	std::string metrics_error;
	std::vector<Foreign> foreign; ///< and memhpd has given in
	uint64_t unplugs_given_up = 0;
	std::optional<uint64_t> stuck; ///< block that a kernel worker cannot take offline
	uint64_t pending = 0;	       ///< blocks that are on their way online, or open requests
	/// Blocks that are offline because somebody wants them so; nothing where nobody tells.
	std::optional<std::vector<uint64_t>> deliberate;
};

/// What doctor knows of a machine. What could not be read is as on a machine without it, and named
/// in `unreadable`.
struct Facts {
	KernelFacts kernel;
	ModuleFacts module;
	OthersFacts others;
	DaemonFacts daemon;
	/// What memhpd goes by; the defaults where the file has mistakes.
	Config config;
	std::string config_path;
	std::vector<std::string> mistakes;	///< in the configuration
	std::vector<std::string> hooks;		///< programs of settled.d that are run
	std::vector<std::string> refused_hooks; ///< lines "name: reason"
	std::string no_blocks; ///< why the machine has no memory blocks; empty where it has
	std::vector<Block> blocks;
	uint64_t block_size = 0;
	MemoryCount count;
	std::vector<std::string> unreadable; ///< lines "file: reason"
};

/// Everything that there is to say, problems first, else in a fixed order.
std::vector<Finding> diagnose(const Facts &facts);

/// Its rooms. Each appends to `findings`.
void diagnose_kernel(const Facts &facts, std::vector<Finding> &findings);
void diagnose_module(const Facts &facts, std::vector<Finding> &findings);
void diagnose_others(const Facts &facts, std::vector<Finding> &findings);
void diagnose_daemon(const Facts &facts, std::vector<Finding> &findings);
void diagnose_memory(const Facts &facts, std::vector<Finding> &findings);

} // namespace memhp
