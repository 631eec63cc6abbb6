// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/gathering.h"

#include <algorithm>
#include <iterator>

namespace memhp
{

Gathering::Step Gathering::step() const
{
	if (!listed_)
		return Step::list;
	if (next_ < listed_->size())
		return Step::read;
	return settled_ && touched_.empty() ? Step::ready : Step::again;
}

void Gathering::listed(std::vector<ListedBlock> blocks)
{
	blocks_.reserve(blocks.size());
	listed_ = std::move(blocks);
}

std::span<const ListedBlock> Gathering::to_read(size_t most)
{
	const auto rest = std::span(*listed_).subspan(next_);
	const auto part = rest.first(std::min(most, rest.size()));
	next_ += part.size();
	return part;
}

std::vector<uint64_t> Gathering::to_read_again(size_t most)
{
	auto end = touched_.begin();
	std::advance(end, std::min(most, touched_.size()));
	const std::vector<uint64_t> numbers(touched_.begin(), end);
	touched_.erase(touched_.begin(), end);
	settled_ = true;
	return numbers;
}

void Gathering::read_again(uint64_t number, std::optional<Block> block)
{
	later_.insert_or_assign(number, std::move(block));
}

void Gathering::lost()
{
	const auto losses = losses_ + 1;
	*this = Gathering();
	losses_ = losses;
}

std::vector<Block> Gathering::take()
{
	if (later_.empty())
		return std::move(blocks_);
	std::vector<Block> blocks;
	blocks.reserve(blocks_.size() + later_.size());
	auto later = later_.begin();
	const auto take_later = [&] {
		if (later->second)
			blocks.push_back(std::move(*later->second));
		++later;
	};
	for (auto &block : blocks_) {
		while (later != later_.end() && later->first < block.number)
			take_later();
		if (later != later_.end() && later->first == block.number)
			take_later();
		else
			blocks.push_back(std::move(block));
	}
	while (later != later_.end())
		take_later();
	return blocks;
}

} // namespace memhp
