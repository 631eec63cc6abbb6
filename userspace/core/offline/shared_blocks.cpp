// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/shared_blocks.h"

#include <algorithm>

namespace memhp
{

bool SharedBlocks::Request::counts_on(uint64_t block) const
{
	return kind == Kind::lasting && !given_up &&
	       (found.count(block) != 0 || record.owed.count(block) != 0);
}

void SharedBlocks::begin(Id id, Kind kind, const std::set<uint64_t> &kept)
{
	auto &request = requests_[id];
	request = {};
	request.kind = kind;
	request.record.kept = kept;
}

void SharedBlocks::took(Id id, uint64_t block, const Origin &origin)
{
	auto &record = requests_.at(id).record;
	record.owed[block] = origin;
	record.kept.erase(block);
}

void SharedBlocks::found(Id id, uint64_t block) { requests_.at(id).found.insert(block); }

void SharedBlocks::back(uint64_t block)
{
	for (auto &[id, request] : requests_) {
		request.record.owed.erase(block);
		request.record.kept.erase(block);
		request.found.erase(block);
	}
}

bool SharedBlocks::leave(uint64_t block, const Origin &origin)
{
	const auto heir =
		std::find_if(requests_.begin(), requests_.end(),
			     [block](const auto &entry) { return entry.second.counts_on(block); });
	if (heir == requests_.end())
		return false;
	heir->second.record.owed.try_emplace(block, origin);
	return true;
}

SharedBlocks::GivenUp SharedBlocks::give_up(Id id)
{
	auto &request = requests_.at(id);
	request.given_up = true;
	GivenUp result;
	for (const auto &[block, origin] : request.record.owed) {
		if (leave(block, origin))
			result.left.push_back(block);
		else
			result.put_back[block] = origin;
	}
	request.record.owed = result.put_back;
	return result;
}

std::vector<uint64_t> SharedBlocks::keep(Id id)
{
	const auto ended = requests_.extract(id);
	const auto &request = ended.mapped();
	if (request.kind != Kind::lasting)
		return {};
	auto kept = request.found;
	for (const auto &[block, origin] : request.record.owed)
		kept.insert(block);
	for (auto &[other, another] : requests_) {
		if (another.given_up)
			continue;
		for (const auto block : kept)
			another.record.owed.erase(block);
		another.record.kept.insert(kept.begin(), kept.end());
	}
	return {kept.begin(), kept.end()};
}

void SharedBlocks::end(Id id) { requests_.erase(id); }

SharedBlocks::Blocks SharedBlocks::returning() const
{
	Blocks blocks;
	for (const auto &[id, request] : requests_)
		if (request.given_up)
			blocks.insert(request.record.owed.begin(), request.record.owed.end());
	return blocks;
}

SharedBlocks::Record SharedBlocks::record(Id id) const
{
	const auto found = requests_.find(id);
	return found != requests_.end() ? found->second.record : Record();
}

} // namespace memhp
