// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "core/memory/block.h"
#include "system/offline/engine.h"

namespace memhp
{

/// Takes one block offline for as long as others are onlined, so that the kernel's walk through
/// their zone stays short (core/online/borrow.h), and brings it back. Only a block that is free
/// now, and goes at once.
class Borrow
{
public:
	struct Hooks {
		/// Saves open(), before anything is done to a block.
		std::function<void()> save;
		/// A block is about to be taken offline for a moment (true), or is where it will
		/// stay (false).
		std::function<void(uint64_t block, bool begin)> moving;
		/// It is back, in this zone; Zone::none: it stays offline, for another has taken it
		/// offline or it cannot be onlined.
		std::function<void(uint64_t block, Zone zone, bool by_another)> back;
	};

	Borrow(const Sysfs &sysfs, Engine &engine, Hooks hooks)
		: sysfs_(sysfs), engine_(engine), hooks_(std::move(hooks))
	{
	}

	/// A block, and its inode, that may be offline for no other reason.
	const std::map<uint64_t, uint64_t> &open() const { return open_; }
	bool busy() const { return !open_.empty(); }

	/// Takes `block` offline, which is online in zone Movable, and calls `then`: also where it
	/// does not go. Not while busy(). False, and nothing is done, where the block is not free.
	bool begin(const Block &block, std::function<void()> then);
	/// Brings it back, if it went.
	void end();

private:
	void bring_back(uint64_t block, OnlineType type);
	void close(uint64_t block, Zone zone, bool by_another);

	const Sysfs &sysfs_;
	Engine &engine_;
	Hooks hooks_;
	std::map<uint64_t, uint64_t> open_;
	bool away_ = false; ///< it is offline by our hand
};

} // namespace memhp
