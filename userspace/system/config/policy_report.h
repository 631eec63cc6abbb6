// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/online/policy.h"
#include "core/online/ratio.h"
#include "system/config/config.h"

namespace memhp
{

/// What `memhpctl policy show` is made of, and what memhpd answers to it.
struct PolicyReport {
	const Config &config;	 ///< in force
	std::string path;	 ///< of the file
	std::string_view origin; ///< "file", "no-file", "defaults" or "older-file"
	const Mistakes &mistakes;
	const std::vector<Block> &blocks; ///< of the whole machine, ascending
	uint64_t block_size;
	MemoryCount count; ///< of the same blocks
	/// What memhpd knows of its blocks; nullptr where no memhpd runs.
	const std::map<uint64_t, Ledger::Entry> *ledger;
	/// Blocks that are in another zone than policy wants; nullptr where no memhpd runs.
	const std::set<uint64_t> *misplaced;
};

/// Keys: file, origin, daemon, mistakes, settings, rules, ratio, block_size, devices. The settings
/// are a list of {key, value, line}, where line is null for a default. Each device has
/// the action that policy has for it, what says so, and its blocks in parts that have the same
/// state and history. `outlook` is what the bounds of the ratio would make of its offline memory,
/// where that is not what the action says; `misplaced` is true of a part that is in another zone
/// than policy wants, as far as memhpd knows.
nlohmann::json to_json(const PolicyReport &report);

} // namespace memhp
