// SPDX-License-Identifier: GPL-2.0-only
#include "system/plan.h"

#include <utility>

#include "system/loop.h"
#include "system/pages.h"

namespace memhp
{
namespace
{

Result<Selection> select(const Sysfs &sysfs, const std::vector<Block> &blocks,
			 const ChangeRequest &request)
{
	const auto target = parse_target(request.target);
	if (!target)
		return fail(target.error());
	const auto size = sysfs.block_size();
	if (request.change == Change::online)
		return select_online(*target, blocks, size, request.type);

	Evidence evidence;
	const auto choose = [&] {
		return select_offline(*target, blocks, size, request.force, evidence);
	};
	auto selection = choose();
	if (selection && request.all_or_nothing) {
		const auto poisoned = poisoned_blocks(sysfs.root_fd(), size, selection->blocks);
		if (!poisoned)
			return fail(poisoned.error());
		evidence.poisoned = *poisoned;
		if (!poisoned->empty())
			selection = choose();
	}
	return selection;
}

} // namespace

Config::Offline terms_of(const ChangeRequest &request, Config::Offline config)
{
	config.deadline = request.deadline.value_or(config.deadline);
	config.attempt_deadline = request.attempt_deadline.value_or(config.attempt_deadline);
	config.limits.min_free = request.min_free.value_or(config.limits.min_free);
	return config;
}

Result<Plan> make_plan(const Sysfs &sysfs, const ChangeRequest &request,
		       const Config::Offline &terms)
{
	const auto blocks = sysfs.scan();
	if (!blocks)
		return fail(blocks.error());
	auto selection = select(sysfs, *blocks, request);
	if (!selection)
		return fail(selection.error());

	Plan plan;
	plan.request = request;
	plan.terms = terms;
	plan.goal = selection->goal;
	plan.already = std::move(selection->already);
	plan.left_to_host = std::move(selection->left_to_host);
	plan.rearrange = std::move(selection->rearrange);
	plan.deadline = Loop::now() + terms.deadline;
	std::map<uint64_t, const Block *> known;
	for (const auto &block : *blocks)
		known[block.number] = &block;
	for (const auto number : selection->blocks)
		plan.parts.push_back({number, known.at(number)->inode, known.at(number)->zone});
	return plan;
}

} // namespace memhp
