// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/pages.h"

namespace memhp
{
namespace
{

constexpr uint64_t bit(unsigned number) { return uint64_t{1} << number; }

// include/uapi/linux/kernel-page-flags.h, but for KPF_RESERVED, which the kernel keeps to itself
// (include/linux/kernel-page-flags.h).
constexpr uint64_t kpf_slab = bit(7);
constexpr uint64_t kpf_buddy = bit(10);
constexpr uint64_t kpf_hwpoison = bit(19);
constexpr uint64_t kpf_nopage = bit(20);
constexpr uint64_t kpf_offline = bit(23); ///< a balloon has it
constexpr uint64_t kpf_pgtable = bit(26);
constexpr uint64_t kpf_reserved = bit(32);

constexpr unsigned steps = 16;

} // namespace

void PageCount::add(const uint64_t *flags, size_t count)
{
	pages += count;
	for (size_t i = 0; i < count; ++i) {
		const auto page = flags[i];
		// An offline takes poisoned pages for free ones.
		if (page & kpf_hwpoison)
			++poisoned;
		else if (page & (kpf_slab | kpf_pgtable | kpf_reserved))
			++fixed;
		else if (!(page & (kpf_buddy | kpf_nopage | kpf_offline)))
			++moved;
	}
}

unsigned cost(const PageCount &pages)
{
	if (pages.pages == 0)
		return 0;
	const auto share = (pages.moved * steps + pages.pages - 1) / pages.pages;
	return static_cast<unsigned>(share) + (pages.fixed > 0 ? steps + 1 : 0);
}

} // namespace memhp
