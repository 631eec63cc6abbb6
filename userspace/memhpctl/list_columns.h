// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"
#include "memhpctl/clock.h"

namespace memhp
{

/// Neighbouring blocks that look the same.
struct ListRow {
	Block block;		 ///< the first
	uint64_t last = 0;	 ///< number of the last
	uint64_t since = 0;	 ///< newest change of them, boot time in ns; 0 for not known
	std::string by;		 ///< who asked for it
	std::string removable;	 ///< the file of this name: "1", "0", empty where there is none
	std::string phys_device; ///< likewise
};

/// A column of `memhpctl list`; those of lsmem(1) have its names and contents.
struct ListColumn {
	enum Id {
		range,
		size,
		state,
		removable,
		block,
		zone,
		zones, ///< as lsmem words it
		node,
		source,
		device,
		phys_index,
		end_index,
		phys_device,
		since,
		by,
	};
	Id id;
	const char *title;
	bool right; ///< numbers
};

/// Comma-separated, in any case; all that are usual where it is empty. Fails on an unknown one,
/// with the names of all.
Result<std::vector<ListColumn>> choose_columns(const std::string &list, bool with_module);

/// Takes away the column that a table which is too wide can best do without; its title, or nothing
/// where all that are left are needed.
std::optional<std::string> leave_one_out(std::vector<ListColumn> &columns);

bool has(const std::vector<ListColumn> &columns, std::initializer_list<ListColumn::Id> any);

/// True where `next` may be on the line of `row`: a neighbour, and the same in all columns that
/// tell of a block.
bool same_line(const ListRow &row, const ListRow &next, const std::vector<ListColumn> &columns);

/// How the cells are written.
struct ListStyle {
	uint64_t block_size = 0;
	bool bytes = false; ///< sizes as numbers of bytes
	Clock clock;
};

std::string cell_text(ListColumn::Id id, const ListRow &row, const ListStyle &style);

} // namespace memhp
