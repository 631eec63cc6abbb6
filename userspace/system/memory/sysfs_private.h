// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/memory/target.h"
#include "system/memory/procfs.h"
#include "system/memory/surroundings.h"
#include "system/memory/sysfs.h"

/// What Sysfs has for itself alone.

namespace memhp
{

inline constexpr auto node_dir = "sys/devices/system/node";

/// Numbers and inodes.
using Numbered = std::vector<std::pair<uint64_t, uint64_t>>;

/// Numbers N of all entries `prefix`N of a directory, ascending, and their inodes as listed.
Result<Numbered> numbered_entries(int root, const std::string &path, std::string_view prefix);

/// What tells where memory came from, read once for a whole scan.
struct Sysfs::Origins {
	std::map<uint64_t, bool> early; ///< as far as anybody says; where there is no mark
	/// In a collected tree: all of them.
	std::optional<std::vector<Target::Range>> collected_early;
	std::optional<uint64_t> boot_mark;
	/// A firmware device that is found behind a part of one that is no driver's is noted there.
	std::vector<AddedMemory> added;
	bool drivers_hidden = false; ///< from a reader without privilege
	std::optional<Balloon> balloon;
};

} // namespace memhp
