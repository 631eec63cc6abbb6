// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/words.h"

namespace memhp
{

/// What is done between two passes of an offline to make memory easier to free.
enum class Assist { reclaim, compact, slab, hugepages };

inline constexpr Words<Assist, 4> assist_words = {{
	{Assist::reclaim, "reclaim"},
	{Assist::compact, "compact"},
	{Assist::slab, "slab"},
	{Assist::hugepages, "hugepages"},
}};

/// Huge pages of one size on one node.
struct HugePages {
	std::string path; ///< of the file that holds their number (nr_hugepages)
	uint64_t count = 0;
	uint64_t free = 0;
};

/// What a machine offers: files below its root.
struct AssistFiles {
	std::map<int, std::string> reclaim; ///< of a node; Linux 6.17 and later
	std::map<int, std::string> compact; ///< of a node
	std::vector<HugePages> huge_pages;  ///< of the nodes that matter
};

/// A value for a file.
struct AssistWrite {
	std::string path;
	std::string value;
};

/// What to write, in this order, to help to free `bytes` on each of `nodes`. Free huge pages are
/// given back first; reclaim comes before compaction, which wants free pages. Where a node cannot
/// be reclaimed by itself the page cache of the whole machine is dropped, and slab always is the
/// whole machine's.
std::vector<AssistWrite> assist_writes(const std::vector<Assist> &wanted,
				       const std::set<int> &nodes, const AssistFiles &files,
				       uint64_t bytes);

/// A number of huge pages that is lowered for the duration.
struct LoweredPages {
	uint64_t found = 0; ///< when the request began
	uint64_t left = 0;  ///< as it was set last
};
/// By the path of its file.
using Lowered = std::map<std::string, LoweredPages>;

/// What to write where there are `now`, to have as many as were found; nothing where there are, or
/// somebody else has raised their number. Fewer than were left are no other's wish: the kernel
/// dissolves the free huge pages of memory that goes offline.
std::optional<uint64_t> restored(const LoweredPages &lowered, uint64_t now);

} // namespace memhp
