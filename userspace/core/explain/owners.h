// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernel/event.h"

namespace memhp
{

/// Page frame numbers, or addresses of a process: from `first` up to `end`, which is not in it.
struct Span {
	uint64_t first = 0;
	uint64_t end = 0;

	bool holds(uint64_t value) const { return value >= first && value < end; }
};

/// A page that somebody holds: it has more references than are accounted for, so it does not move.
struct HeldPage {
	uint64_t pfn = 0; ///< the first of them, of a page of several
	std::string kind; ///< "anon", "file", as the module words it
	int64_t references = 0;
	int64_t accounted = 0;
	uint64_t pages = 1;		  ///< base pages of which it consists
	std::optional<uint64_t> mapcount; ///< how often processes map it, if that is known

	/// Held by somebody who pins it to read or write it (FOLL_PIN: I/O buffers, devices), and
	/// not by a mere reference: that counts GUP_PIN_COUNTING_BIAS, 1024, per page. Of a page of
	/// several nobody can tell.
	bool pinned() const { return pages == 1 && references - accounted >= 1024; }
};

/// The held pages in a record of the module's file "pages": "0x300000:anon:2:1,…".
std::vector<HeldPage> parse_held(const Record &record);

/// What processes map of the pages that were asked about.
struct Owner {
	int pid = 0;
	std::string comm;
	uint64_t pages = 0;	       ///< base pages of the spans
	std::vector<uint64_t> held;    ///< the held pages that it maps, by their first number
	std::vector<uint64_t> buffers; ///< of these, those that are in a fixed buffer of io_uring
	bool vfio = false;	       ///< it has handed memory to a device, which pins it
};

/// What is charged to a control group.
struct CgroupUse {
	std::string path; ///< below the mount point, "/system.slice/…"; "?" for one that is gone
	uint64_t pages = 0;
	std::vector<uint64_t> held;
};

struct Owners {
	std::vector<Owner> processes;	///< those with most held pages first, then with most pages
	std::vector<CgroupUse> cgroups; ///< in the same order
	bool complete = false;		///< every process was looked at
};

/// Who keeps a held page where it is, as far as it can be proved.
struct Culprit {
	enum class Proof {
		none,
		/// It is in a fixed buffer of this process.
		fixed_buffer,
		/// It is pinned, and the only one that maps it lends memory to a device.
		vfio,
		/// It is memory of this process and of no other: its own, or somebody to whom it
		/// gave it by reference (a pipe, a socket, a buffer of I/O), keeps it.
		only_owner,
	};
	Proof proof = Proof::none;
	int pid = 0;
	std::string comm;
};

/// A wrong culprit is worse than none: a page that several processes map, a page of a file, or one
/// that nobody maps any more has none, unless it is in a fixed buffer.
Culprit culprit(const HeldPage &page, const Owners &owners);

/// The control group to which the page is charged; nullptr where that is not known.
const CgroupUse *cgroup_of(const HeldPage &page, const Owners &owners);

/// "pid 312 (fio): a fixed buffer of io_uring"; for Proof::none what is known: "nobody maps it any
/// more", "2 processes map it".
std::string describe(const HeldPage &page, const Owners &owners);

/// The address ranges of a process's memory; `text` is its /proc/PID/maps. The page for system
/// calls is not memory of the process.
std::vector<Span> parse_maps(std::string_view text);

/// The page frame in an entry of /proc/PID/pagemap; nothing where no page is present. 0 where the
/// kernel hides it from the reader (Documentation/admin-guide/mm/pagemap.rst).
std::optional<uint64_t> mapped_pfn(uint64_t entry);

/// The addresses of fixed buffers in the fdinfo of an io_uring (io_uring/fdinfo.c): lines "0:
/// 0x7f0000000000/4096" after "UserBufs:".
std::vector<Span> parse_fixed_buffers(std::string_view text);

} // namespace memhp
