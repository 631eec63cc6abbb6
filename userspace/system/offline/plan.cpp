// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "system/base/log.h"
#include "system/base/loop.h"
#include "system/kernel/kmod.h"
#include "system/memory/pages.h"
#include "system/offline/claims.h"
#include "system/offline/eject.h"
#include "system/offline/held_pages.h"

namespace memhp
{
namespace
{

/// A look at pages must not keep an online waiting.
constexpr Time patience = std::chrono::milliseconds(250);
/// Of so many candidates for each block that is wanted, the cheapest is taken.
constexpr size_t choice = 4;
constexpr size_t least_looks = 64;

/// Who must not lose the last memory of a node, where this selection would take that of any.
std::map<int, std::string> claims_on(const Sysfs &sysfs, const std::vector<Block> &blocks,
				     const Selection &selection)
{
	if (emptied_nodes(blocks, wanted(selection)).empty())
		return {};
	const auto found = read_claims(sysfs.root_fd(), 2 * patience);
	if (found.unseen > 0)
		log::debug("the memory policies of {} processes are not known", found.unseen);
	return by_node(found.claims);
}

/// After a failure the cheap blocks go first: the failed one says that memory is in use.
JobSpec::Rearrange with_evidence(const Sysfs &sysfs, const std::vector<Block> &blocks,
				 Evidence evidence, JobSpec::Rearrange arrange)
{
	std::set<uint64_t> kernel;
	for (const auto &block : blocks)
		if (block.zone != Zone::movable)
			kernel.insert(block.number);
	return [&sysfs, kernel, evidence = std::move(evidence),
		arrange = std::move(arrange)](uint64_t failed, const std::vector<uint64_t> &done,
					      std::vector<uint64_t> rest) mutable {
		if (evidence.costs.empty())
			evidence.costs =
				block_costs(sysfs.root_fd(), sysfs.block_size(), rest, patience);
		evidence.held.clear();
		rest = cheapest_first(std::move(rest), evidence, kernel);
		evidence.held = HeldPages(sysfs.root_fd()).among(rest, patience);
		return arrange(failed, done, cheapest_first(std::move(rest), evidence, kernel));
	};
}

Result<Selection> select_offline(const Sysfs &sysfs, const std::vector<Block> &blocks,
				 const ChangeRequest &request, const Target &target)
{
	const auto size = sysfs.block_size();
	Evidence evidence;
	evidence.online_since = Kmod(sysfs.root_fd()).online_since();
	const auto choose = [&] {
		return select_offline(target, blocks, size, request.force, evidence, request.asker);
	};
	auto selection = choose();
	if (selection && (request.all_or_nothing || request.trial)) {
		const auto poisoned = poisoned_blocks(sysfs.root_fd(), size, selection->blocks);
		if (!poisoned)
			return fail(poisoned.error());
		evidence.poisoned = *poisoned;
		if (!poisoned->empty())
			selection = choose();
	}
	if (selection && !request.force) {
		evidence.claimed = claims_on(sysfs, blocks, *selection);
		if (!evidence.claimed.empty())
			selection = choose();
	}
	if (!selection)
		return selection;
	auto contested = choice_of(*selection, blocks);
	if (!contested.blocks.empty()) {
		contested.blocks.resize(std::min(contested.blocks.size(),
						 std::max(contested.goal * choice, least_looks)));
		evidence.costs = block_costs(sysfs.root_fd(), size, contested.blocks, patience);
		evidence.held =
			HeldPages(sysfs.root_fd())
				.among(cheapest_first(std::move(contested.blocks), evidence, {}),
				       patience);
		selection = choose();
	}
	if (selection)
		selection->rearrange = with_evidence(sysfs, blocks, std::move(evidence),
						     std::move(selection->rearrange));
	return selection;
}

Result<Selection> select(const Sysfs &sysfs, const std::vector<Block> &blocks,
			 const ChangeRequest &request)
{
	const auto target = parse_target(request.target);
	if (!target)
		return fail(target.error());
	if (request.change == Change::online)
		return select_online(*target, blocks, sysfs.block_size(), request.type);
	return select_offline(sysfs, blocks, request, *target);
}

Result<void> check_eject(const Sysfs &sysfs, const std::vector<Block> &blocks,
			 const ChangeRequest &request)
{
	if (request.change == Change::online)
		return fail_input("memory that goes online cannot be ejected");
	const auto target = parse_target(request.target);
	if (!target)
		return fail(target.error());
	const auto device = device_to_eject(*target);
	if (!device)
		return fail(device.error());
	const auto owned = match(*target, blocks, sysfs.block_size());
	if (!owned)
		return fail(owned.error());
	return may_eject(*device, eject_facts(sysfs, *device, *owned), request.force);
}

void as_if_back(Block &block, const SharedBlocks::Blocks &returning)
{
	const auto found = returning.find(block.number);
	if (found == returning.end() || found->second.inode != block.inode ||
	    block.state != BlockState::offline)
		return;
	block.state = BlockState::online;
	block.zone = found->second.zone;
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
		       const Config::Offline &terms, const SharedBlocks::Blocks &returning)
{
	auto blocks = sysfs.scan();
	if (!blocks)
		return fail(blocks.error());
	if (request.change == Change::offline && !returning.empty())
		for (auto &block : *blocks)
			as_if_back(block, returning);
	if (request.eject) {
		const auto ejectable = check_eject(sysfs, *blocks, request);
		if (!ejectable)
			return fail(ejectable.error());
	}
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
		plan.parts.push_back({number, known.at(number)->inode, known.at(number)->zone,
				      known.at(number)->node.value_or(-1)});
	return plan;
}

} // namespace memhp
