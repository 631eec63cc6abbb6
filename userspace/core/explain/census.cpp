// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/census.h"

namespace memhp
{
namespace
{

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }

// include/uapi/linux/kernel-page-flags.h and, of the kernel's own, KPF_RESERVED.
constexpr uint64_t kpf_lru = bit(5);
constexpr uint64_t kpf_slab = bit(7);
constexpr uint64_t kpf_buddy = bit(10);
constexpr uint64_t kpf_mmap = bit(11);
constexpr uint64_t kpf_anon = bit(12);
constexpr uint64_t kpf_swapbacked = bit(14);
constexpr uint64_t kpf_compound_head = bit(15);
constexpr uint64_t kpf_compound_tail = bit(16);
constexpr uint64_t kpf_huge = bit(17);
constexpr uint64_t kpf_unevictable = bit(18);
constexpr uint64_t kpf_hwpoison = bit(19);
constexpr uint64_t kpf_nopage = bit(20);
constexpr uint64_t kpf_thp = bit(22);
constexpr uint64_t kpf_offline = bit(23);
constexpr uint64_t kpf_pgtable = bit(26);
constexpr uint64_t kpf_reserved = bit(32);

/// A page that stands for itself: no tail of a compound page.
PageKind kind_of(uint64_t flags)
{
	if (flags & kpf_nopage)
		return PageKind::absent;
	if (flags & kpf_hwpoison)
		return PageKind::poisoned;
	if (flags & kpf_reserved)
		return PageKind::reserved;
	if (flags & kpf_offline)
		return PageKind::offline;
	if (flags & kpf_huge)
		return PageKind::huge;
	if (flags & kpf_slab)
		return PageKind::slab;
	if (flags & kpf_pgtable)
		return PageKind::table;
	if (flags & kpf_buddy)
		return PageKind::free;
	if (flags & kpf_anon)
		return PageKind::anon;
	if (!(flags & (kpf_lru | kpf_mmap)))
		return PageKind::other;
	return flags & kpf_swapbacked ? PageKind::shmem : PageKind::file;
}

} // namespace

void Census::end_huge()
{
	if (run_ == 0)
		return;
	auto &huge = huge_[run_];
	++huge.count;
	huge.mapped += run_mapped_;
	run_ = 0;
	run_mapped_ = false;
}

void Census::add(const uint64_t *flags, const uint64_t *mapcounts, size_t count)
{
	for (size_t i = 0; i < count; ++i) {
		const auto page = flags[i];
		const bool tail = page & kpf_compound_tail;
		// The flags of a compound page are at its head, but for some.
		const bool inherits = tail && pages_ > 0 &&
				      !(page & (kpf_hwpoison | kpf_reserved | kpf_huge | kpf_anon));
		const auto kind = inherits ? last_ : kind_of(page);
		if (kind == PageKind::huge) {
			if (page & kpf_compound_head)
				end_huge();
			++run_;
			run_mapped_ |= mapcounts && mapcounts[i] > 0;
		} else {
			end_huge();
		}
		if (kind == PageKind::reserved && reserved_first_ == pages_)
			++reserved_first_;
		if (!tail)
			last_unevictable_ = page & kpf_unevictable;
		unevictable_ += last_unevictable_;
		transparent_ += (page & kpf_thp) != 0;
		++kinds_[static_cast<size_t>(kind)];
		++pages_;
		if (!tail || pages_ == 1)
			last_ = kind;
	}
}

uint64_t Census::to_move() const
{
	return of(PageKind::anon) + of(PageKind::file) + of(PageKind::shmem) + of(PageKind::huge);
}

} // namespace memhp
