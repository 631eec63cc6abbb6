// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/explain/census.h"
#include "core/explain/owners.h"
#include "core/explain/resources.h"
#include "core/explain/room.h"
#include "core/memory/block.h"

namespace memhp
{

/// The last attempt on a block, where it failed and nothing has succeeded since.
struct LastFailure {
	bool offline = true; ///< else it was an online that failed
	int error = 0;
	std::string stage;	 ///< by the module's words; empty where that is not known
	std::optional<Time> ago; ///< nothing where nobody knows how late it is there
	std::string by;		 ///< "bash", "acpi_hotplug_work_fn"
};

/// What the module counts in a block: unlike the flags, it sees the references.
struct ModuleCount {
	uint64_t slab = 0;
	uint64_t table = 0;
	uint64_t huge = 0;  ///< pages of huge pages in use
	uint64_t other = 0; ///< in use by the kernel
	uint64_t reserved = 0;
	uint64_t poisoned = 0;
	uint64_t to_move = 0; ///< of processes, of files, of drivers that can move them
	uint64_t held = 0;    ///< how many are held; HeldPage has the first of them
};

/// All that is known of a block.
struct BlockFacts {
	Block block;
	uint64_t block_size = 0; ///< bytes, as is `page_size`
	uint64_t page_size = 4096;
	std::optional<RamMap> ram;
	std::optional<Census> census;
	std::optional<ModuleCount> module;
	std::vector<HeldPage> held; ///< seen twice
	Owners owners;		    ///< of the held pages
	std::optional<LastFailure> failure;
	std::optional<Room> room;
	bool has_cma = false;	 ///< the machine has memory for contiguous allocations
	bool own_memmap = false; ///< memory that is added here keeps its memmap on itself
	/// This kernel takes a block with broken pages back, and does not know of them any more.
	bool forgets_broken = false;
};

enum class Answer { can_go, can_go_not_back, cannot_go, unknown, offline };

enum class Cause {
	none,
	changing,      ///< it is on its way right now
	hole,	       ///< not all of it is RAM
	several_zones, ///< or several nodes
	reserved,      ///< memory that the boot has given away for good
	slab,
	page_tables,
	kernel_pages, ///< other memory of the kernel
	held_page,
	veto,
	huge_page,   ///< no room for a huge page, or one that its pool does not let go
	no_room,     ///< for all that has to move
	poisoned,    ///< could not come back
	unexplained, ///< it failed, and nothing that is seen says why
	unseen,	     ///< what would decide cannot be seen
};

inline constexpr Words<Answer, 5> answer_words = {{
	{Answer::can_go, "can_go"},
	{Answer::can_go_not_back, "can_go_cannot_come_back"},
	{Answer::cannot_go, "cannot_go"},
	{Answer::unknown, "unknown"},
	{Answer::offline, "offline"},
}};

inline constexpr Words<Cause, 15> cause_words = {{
	{Cause::none, "none"},
	{Cause::changing, "changing"},
	{Cause::hole, "hole"},
	{Cause::several_zones, "several_zones"},
	{Cause::reserved, "reserved"},
	{Cause::slab, "slab"},
	{Cause::page_tables, "page_tables"},
	{Cause::kernel_pages, "kernel_pages"},
	{Cause::held_page, "held_page"},
	{Cause::veto, "veto"},
	{Cause::huge_page, "huge_page"},
	{Cause::no_room, "no_room"},
	{Cause::poisoned, "poisoned"},
	{Cause::unexplained, "unexplained"},
	{Cause::unseen, "unseen"},
}};

struct Judgement {
	Answer answer = Answer::unknown;
	Cause cause = Cause::none;
	std::string why; ///< a clause: "page 0x300000 is held by …"; empty where nothing is to say
	std::string advice; ///< what to do about it; empty where nothing helps or is needed
};

/// Whether the block can go offline. Where the facts do not decide, it is unknown: a wrong cause is
/// worse than none.
Judgement explain(const BlockFacts &facts);

/// "can go", "can go, cannot come back", "cannot go", "unknown", "is offline".
std::string_view to_string(Answer answer);

/// Pages that an offline would have to move.
uint64_t pages_to_move(const BlockFacts &facts);

/// Record of "blocks" of the module, at `now` since that machine's boot: the last failure that
/// still counts.
std::optional<LastFailure> last_failure(const Record &record, std::optional<Time> now);

/// Record of "pages" of the module.
ModuleCount module_count(const Record &record);

} // namespace memhp
