// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>

#include "core/memory/gathering.h"
#include "core/memory/target.h"
#include "system/memory/procfs.h"
#include "system/memory/surroundings.h"
#include "system/memory/sysfs.h"

/// What Sysfs has for itself alone.

namespace memhp
{

inline constexpr auto node_dir = "sys/devices/system/node";

/// Bytes that no block has more of: those that kernels make end far below.
inline constexpr uint64_t largest_block = uint64_t{64} << 30;

/// Numbers and inodes.
using Numbered = std::vector<std::pair<uint64_t, uint64_t>>;

/// Entries `prefix`N of a directory, read in parts.
class NumberedEntries
{
public:
	static Result<NumberedEntries> open(int root, const std::string &path,
					    std::string_view prefix);
	/// Reads up to `most` more entries; false where these were the last.
	Result<bool> read(size_t most);
	/// Numbers, ascending, and inodes as listed, of those read so far.
	Numbered take();

private:
	NumberedEntries() = default;

	std::string path_;
	std::string prefix_;
	std::unique_ptr<DIR, int (*)(DIR *)> stream_{nullptr, closedir};
	Numbered numbers_;
};

/// The same at once.
Result<Numbered> numbered_entries(int root, const std::string &path, std::string_view prefix);

inline constexpr auto block_prefix = "memory";

/// Without their inodes.
std::vector<uint64_t> numbers_of(const Numbered &entries);

/// A block, and a node that links to it.
using NodeLink = std::pair<uint64_t, int>;

/// Tells for each of the ascending `blocks` its node, by the links of all nodes in any order. The
/// kernel links a block to its node last of all, where it `has_nodes`.
std::vector<ListedBlock> with_nodes(const Numbered &blocks, std::vector<NodeLink> links,
				    bool has_nodes);

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
