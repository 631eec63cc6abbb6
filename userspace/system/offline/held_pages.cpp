// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/held_pages.h"

#include <algorithm>
#include <iterator>

#include "core/explain/owners.h"
#include "system/base/loop.h"
#include "system/kernel/kmod.h"

namespace memhp
{
namespace
{

constexpr Time least_span = std::chrono::milliseconds(100);

std::set<uint64_t> in_both(const std::set<uint64_t> &first, const std::set<uint64_t> &second)
{
	std::set<uint64_t> both;
	std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
			      std::inserter(both, both.end()));
	return both;
}

} // namespace

std::set<uint64_t> HeldPages::look(uint64_t block) const
{
	std::set<uint64_t> numbers;
	if (const auto record = Kmod(root_fd_).pages(block))
		for (const auto &page : parse_held(*record))
			numbers.insert(page.pfn);
	return numbers;
}

std::set<uint64_t> HeldPages::among(const std::vector<uint64_t> &blocks, Time patience) const
{
	// Both looks at a block take the same time, and most need no second one.
	const auto until = Loop::now() + patience / 2;
	std::map<uint64_t, std::set<uint64_t>> suspects;
	for (const auto block : blocks) {
		if (Loop::now() >= until)
			break;
		if (auto pages = look(block); !pages.empty())
			suspects.emplace(block, std::move(pages));
	}
	std::set<uint64_t> held;
	for (const auto &[block, pages] : suspects)
		if (!in_both(pages, look(block)).empty())
			held.insert(block);
	return held;
}

std::optional<Time> HeldPages::still_held(uint64_t block)
{
	const auto began = Loop::now();
	if (began < next_look_)
		return next_look_ - began;
	auto pages = look(block);
	const auto ended = Loop::now();
	next_look_ = ended + rest_ * (ended - began);
	const auto known = known_.find(block);
	if (known != known_.end())
		pages = in_both(known->second, pages);
	if (pages.empty()) {
		known_.erase(block);
		return std::nullopt;
	}
	known_[block] = std::move(pages);
	return std::max(least_span, next_look_ - ended);
}

} // namespace memhp
