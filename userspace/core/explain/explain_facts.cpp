// SPDX-License-Identifier: GPL-2.0-only
// What the records say of a block, before anything follows from it.
#include <algorithm>

#include "core/explain/explain.h"

namespace memhp
{

uint64_t pages_to_move(const BlockFacts &facts)
{
	if (facts.module)
		return facts.module->to_move + facts.module->huge;
	return facts.census ? facts.census->to_move() : 0;
}

std::optional<LastFailure> last_failure(const Record &record, std::optional<Time> now)
{
	const auto failed = record.number("failed_ns");
	if (!failed || *failed < record.number("changed_ns").value_or(0))
		return std::nullopt;
	const auto at = std::chrono::duration_cast<Time>(std::chrono::nanoseconds(*failed));
	LastFailure failure;
	failure.offline = record.text("state") != "offline";
	failure.error = static_cast<int>(record.number("err").value_or(0));
	failure.stage = record.text("stage").value_or("");
	if (now)
		failure.ago = std::max(*now - at, Time{});
	failure.by = record.text("work").value_or(record.text("comm").value_or(""));
	return failure;
}

ModuleCount module_count(const Record &record)
{
	const auto number = [&](const char *key) { return record.number(key).value_or(0); };
	ModuleCount count;
	count.slab = number("slab");
	count.table = number("table");
	count.huge = number("huge");
	count.other = number("other");
	count.reserved = number("reserved");
	count.poisoned = number("poisoned");
	count.to_move = number("anon") + number("file") + number("movable");
	count.held = number("held");
	return count;
}

} // namespace memhp
