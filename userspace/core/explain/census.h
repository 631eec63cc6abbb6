// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "core/base/words.h"

namespace memhp
{

/// What a page is used for, as far as its flags in /proc/kpageflags tell.
enum class PageKind {
	free,
	anon,	  ///< of processes
	file,	  ///< cache of a file
	shmem,	  ///< tmpfs and shared memory
	slab,	  ///< of the kernel's allocator
	table,	  ///< page table
	huge,	  ///< of hugetlbfs, in use or not
	offline,  ///< given away by a balloon or virtio-mem
	reserved, ///< never managed: firmware, kernel image, crash kernel, memory of the boot
	poisoned, ///< broken
	absent,	  ///< no page, or one that is not online
	other,	  ///< the kernel's own use, or free in a per-CPU list: the flags are the same
	count,
};

inline constexpr Words<PageKind, 12> page_kind_words = {{
	{PageKind::free, "free"},
	{PageKind::anon, "anon"},
	{PageKind::file, "file"},
	{PageKind::shmem, "shmem"},
	{PageKind::slab, "slab"},
	{PageKind::table, "table"},
	{PageKind::huge, "huge"},
	{PageKind::offline, "offline"},
	{PageKind::reserved, "reserved"},
	{PageKind::poisoned, "poisoned"},
	{PageKind::absent, "absent"},
	{PageKind::other, "other"},
}};

/// All pages of a block, in one pass over /proc/kpageflags and /proc/kpagecount.
class Census
{
public:
	/// Adds the next `count` pages of the block. `mapcounts` may be nullptr where it is not
	/// known how often processes map them.
	void add(const uint64_t *flags, const uint64_t *mapcounts, size_t count);

	/// To be called behind the last page.
	void finish() { end_huge(); }

	uint64_t of(PageKind kind) const { return kinds_[static_cast<size_t>(kind)]; }
	uint64_t pages() const { return pages_; }
	/// Pages that an offline has to move.
	uint64_t to_move() const;
	uint64_t unevictable() const { return unevictable_; } ///< locked, or memory of a tmpfs
	uint64_t transparent() const { return transparent_; } ///< of transparent huge pages
	/// Reserved pages at the very beginning of the block, without a gap: where its own memmap
	/// is, if it is there.
	uint64_t reserved_first() const { return reserved_first_; }

	/// Huge pages by their size in base pages; one that reaches beyond the block counts with
	/// what of it is in the block.
	struct Huge {
		uint64_t count = 0;
		uint64_t mapped = 0; ///< of these, those that a process maps
	};
	const std::map<uint64_t, Huge> &huge() const { return huge_; }

private:
	void end_huge();

	std::array<uint64_t, static_cast<size_t>(PageKind::count)> kinds_{};
	uint64_t pages_ = 0;
	uint64_t unevictable_ = 0;
	uint64_t transparent_ = 0;
	uint64_t reserved_first_ = 0;
	PageKind last_ = PageKind::absent; ///< of the last page that was no tail
	bool last_unevictable_ = false;
	uint64_t run_ = 0; ///< pages of the huge page that is being counted
	bool run_mapped_ = false;
	std::map<uint64_t, Huge> huge_;
};

} // namespace memhp
