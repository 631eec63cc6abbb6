// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>

namespace memhp
{

/// What the pages of a block are good for, by their flags in /proc/kpageflags
/// (Documentation/admin-guide/mm/pagemap.rst).
struct PageCount {
	uint64_t pages = 0;    ///< that were looked at
	uint64_t moved = 0;    ///< would have to move
	uint64_t fixed = 0;    ///< of the kernel: cannot move
	uint64_t poisoned = 0; ///< broken memory, which keeps a block from coming back online

	/// Adds `count` pages with these flags.
	void add(const uint64_t *flags, size_t count);
};

/// How dear it is to take a block offline, for comparing: 0 where all is free, to 16 where every
/// page has to move; above that where some page cannot.
unsigned cost(const PageCount &pages);

} // namespace memhp
