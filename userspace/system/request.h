// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/retry.h"
#include "core/select.h"
#include "system/engine.h"

namespace memhp
{

/// A person's or program's wish to online or offline memory, as it comes from a command line or
/// over the socket.
struct ChangeRequest {
	Change change = Change::offline;
	std::vector<std::string> target; ///< words, see core/target.h
	OnlineType type = OnlineType::movable;
	Time deadline = std::chrono::minutes(10); ///< span of the whole request
	Time attempt_deadline = std::chrono::seconds(2);
	Backoff backoff;
	bool force = false; ///< see select_offline()
};

/// How a request stands after an attempt.
struct Progress {
	uint64_t block = 0; ///< the block tried last
	bool reached = false;
	int error = 0;
	bool killed = false;
	std::string stage;
	uint64_t done = 0;
	uint64_t goal = 0;
	uint64_t failed_attempts = 0;
};

/// A block that was wanted and did not get there.
struct Stayed {
	uint64_t block = 0;
	int error = 0;
	bool killed = false;
	unsigned attempts = 0;
	std::string stage;
	std::string zone; ///< of a block that stayed online
};

/// How a request ended.
struct Report {
	Change change = Change::offline;
	uint64_t block_size = 0;
	uint64_t goal = 0;		    ///< blocks wanted, beside `already`
	std::vector<uint64_t> done;	    ///< ascending
	std::vector<uint64_t> already;	    ///< were in the wanted state before
	std::vector<uint64_t> left_to_host; ///< virtio-mem blocks that were not touched
	std::vector<uint64_t> wrong_zone;   ///< onlined, but not where `type` asked
	std::vector<Stayed> stayed;
	uint64_t failed_attempts = 0;
	bool timed_out = false;
	bool cancelled = false;
	Time took{};

	bool complete() const { return done.size() >= goal; }
};

/// Why a block stayed, in words: "EBUSY at isolate", "no result within its deadline".
std::string reason(const Stayed &stayed);

/// Selects the target's blocks in a fresh scan, without changing anything.
Result<Selection> select(const Sysfs &sysfs, const ChangeRequest &request);

using OnProgress = std::function<void(const Attempted &, const Progress &)>;

/// Starts a request. `progress` comes after each attempt, `finished` once. The failure is the
/// target's: nothing has been started then.
Result<Engine::JobId> start(Engine &engine, const Sysfs &sysfs, const ChangeRequest &request,
			    OnProgress progress, std::function<void(const Report &)> finished);

} // namespace memhp
