// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/memory/device.h"
#include "system/offline/engine.h"

namespace memhp
{

/// Moves hot-added memory from the kernel zone into the movable one: takes a block offline, and
/// brings it back at once, so that never more than one of them is offline; where one cannot come
/// back at once, no other goes. One device at a time.
/// What will not go stays where it is, is reported once, and not tried again in this life.
class Rezone
{
public:
	struct Limits {
		Time deadline = std::chrono::minutes(10);	 ///< span, for a device
		Time attempt_deadline = std::chrono::seconds(2); ///< of a first attempt
		Backoff backoff;
	};

	struct Hooks {
		/// Saves open(), before anything is done to a block.
		std::function<void()> save;
		/// A block is about to be taken offline for a moment (true), or is where it will
		/// stay (false).
		std::function<void(uint64_t block, bool begin)> moving;
		/// It is in this zone now; Zone::none: it stays offline, for another has taken it
		/// offline or it cannot be onlined.
		std::function<void(uint64_t block, Zone zone, bool by_another)> moved;
		/// Not busy any more: look whether there is another device.
		std::function<void()> done;
	};

	Rezone(Engine &engine, Hooks hooks) : engine_(engine), hooks_(std::move(hooks)) {}

	/// Takes effect with the next device; what failed may be tried again.
	void configure(const Limits &limits, bool keep_type);

	bool busy() const { return !device_.empty() || !open_.empty(); }
	/// True for a block that was tried in this life and did not go.
	bool gave_up(const Block &block) const;
	/// Moves `blocks` of a device, all online, in this order; not while busy().
	void move(const std::string &device, const std::vector<Block> &blocks,
		  JobSpec::Rearrange rearrange, uint64_t block_size);

	/// Brings back what a memhpd before this one has left offline: as open().
	void resume(const std::map<uint64_t, uint64_t> &blocks, OnlineType type);

	/// Blocks that may be offline for the move only, and their inodes.
	const std::map<uint64_t, uint64_t> &open() const { return open_; }

private:
	void bring_back(uint64_t block, OnlineType type);
	void close(uint64_t block, Zone zone, bool by_another);
	void finish_device(const Job &job);

	Engine &engine_;
	Hooks hooks_;
	Limits limits_;
	bool keep_type_ = false;
	std::string device_; ///< that is being moved; empty: none
	Engine::JobId job_ = 0;
	uint64_t block_size_ = 0;
	std::map<uint64_t, uint64_t> open_;
	std::map<uint64_t, uint64_t> gave_up_; ///< block and inode
};

} // namespace memhp
