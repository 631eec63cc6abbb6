// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "core/explain/owners.h"
#include "system/base/fd.h"

namespace memhp
{

/// Looks for those who use pages: goes through the page maps of all processes, a bounded piece a
/// step, so that it can be done between other things. Needs root: to others the kernel shows no
/// page frame numbers.
class OwnerSearch
{
public:
	/// `spans` are what is counted. `held` are named one by one; what is in `pages` and
	/// `mapcount` of them is as complete() gave it. `patience` is for the steps together, not
	/// for the time between them.
	OwnerSearch(int root_fd, std::vector<Span> spans, const std::vector<HeldPage> &held,
		    Time patience);

	/// The next piece of work, some milliseconds long. False when there is no more, or the time
	/// is over.
	bool step();

	/// What was found; once.
	Owners take();

private:
	bool next_process();
	bool read_areas();
	void note(uint64_t pfn, uint64_t address);
	void close_process();

	int root_fd_;
	uint64_t page_size_;
	std::vector<Span> spans_;
	std::vector<Span> held_; ///< in the order of their first page
	Time patience_;
	Time spent_{};
	std::vector<int> pids_; ///< still to be looked at, the next one last
	Owner current_;
	Fd pagemap_;
	std::vector<Span> areas_; ///< of the current process, the next one last
	std::vector<std::pair<uint64_t, uint64_t>> seen_; ///< held page, address
	bool missed_ = false;
	Owners owners_;
};

/// All at once.
Owners find_owners(int root_fd, std::vector<Span> spans, const std::vector<HeldPage> &held,
		   Time patience);

/// Fills in of how many pages each consists and how often it is mapped, from /proc/kpageflags and
/// /proc/kpagecount, as far as they can be read.
void complete(int root_fd, std::vector<HeldPage> &held);

/// To which control groups the pages are charged (/proc/kpagecgroup); empty where the kernel does
/// not say.
std::vector<CgroupUse> find_cgroups(int root_fd, const std::vector<Span> &spans,
				    const std::vector<HeldPage> &held);

} // namespace memhp
