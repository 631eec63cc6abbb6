// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace memhp
{

/// The newest of what there is to tell, for readers each of which goes at its own pace. One that
/// falls behind learns how much it has missed.
class Backlog
{
public:
	/// Keeps `capacity` entries, at least one.
	explicit Backlog(size_t capacity) : capacity_(capacity) {}

	void push(std::string entry)
	{
		if (entries_.size() == capacity_)
			entries_.pop_front();
		entries_.push_back(std::move(entry));
		++end_;
	}

	/// Forgets all entries, but not how many there were.
	void clear() { entries_ = {}; }

	/// Where a reader begins that wants what comes from now on.
	uint64_t end() const { return end_; }

	/// What a reader gets.
	struct Next {
		uint64_t missed = 0; ///< entries that are gone; then there is no entry
		const std::string *entry = nullptr; ///< until the next push()
	};
	/// The next for a reader that is at `at`, which moves on; nothing when it has had all.
	std::optional<Next> next(uint64_t &at) const
	{
		const auto oldest = end_ - entries_.size();
		if (at < oldest)
			return Next{oldest - std::exchange(at, oldest), nullptr};
		if (at >= end_)
			return std::nullopt;
		return Next{0, &entries_[at++ - oldest]};
	}

private:
	size_t capacity_;
	std::deque<std::string> entries_;
	uint64_t end_ = 0;
};

} // namespace memhp
