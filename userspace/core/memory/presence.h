// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace memhp
{

/// Which blocks there are, and which of them are online, kept up to date by what happens to them.
class Presence
{
public:
	void set(uint64_t block, bool online)
	{
		auto &known = blocks_[block];
		online_ += online && !known;
		online_ -= !online && known;
		known = online;
	}
	void remove(uint64_t block)
	{
		set(block, false);
		blocks_.erase(block);
	}
	void clear() { *this = {}; }

	size_t present() const { return blocks_.size(); }
	size_t online() const { return online_; }

private:
	std::unordered_map<uint64_t, bool> blocks_;
	size_t online_ = 0;
};

} // namespace memhp
