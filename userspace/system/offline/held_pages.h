// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/base/units.h"

namespace memhp
{

/// Which blocks have pages that are held, by the module's file "pages": an attempt on them would
/// fail, and all it takes to know that is a look. Without the module nothing is held. A page that
/// passes through a list of the kernel is referenced for a moment and looks the same: what counts
/// is held in two looks.
class HeldPages
{
public:
	/// Below `root_fd`, which must stay open. After a look of still_held() there is none for
	/// `rest` times as long as it took.
	explicit HeldPages(int root_fd, int rest = 10) : root_fd_(root_fd), rest_(rest) {}

	/// Those of `blocks` in which a page is held; looks at one after another as long as
	/// `patience` lasts.
	std::set<uint64_t> among(const std::vector<uint64_t> &blocks, Time patience) const;

	/// For JobSpec::hindered: a page that was held when this was first asked still is. The span
	/// grows with what a look takes, and with how many blocks are asked about.
	std::optional<Time> still_held(uint64_t block);

private:
	/// Numbers of pages, of those that the module names.
	std::set<uint64_t> look(uint64_t block) const;

	int root_fd_;
	int rest_;
	std::map<uint64_t, std::set<uint64_t>> known_;
	Time next_look_{};
};

} // namespace memhp
