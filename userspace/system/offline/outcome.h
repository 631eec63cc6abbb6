// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system/offline/engine.h"

namespace memhp
{

/// How a request stands after an attempt, or when it begins or ends to wait.
struct Progress {
	std::optional<uint64_t> block; ///< the block that was tried; none where it waits
	bool reached = false;
	int error = 0;
	bool killed = false;
	std::string stage;
	uint64_t done = 0;
	uint64_t goal = 0;
	uint64_t failed_attempts = 0;
	std::string
		waiting; ///< why nothing is tried at the moment; empty where nothing is against it
	/// It has failed or was a trial, and what it took offline comes back: `done` of
	/// `goal` blocks have.
	bool rolling_back = false;
	bool ejecting = false; ///< all is offline, and the kernel is to take the device out
};

/// Stage of an attempt that was not made: it would have taken the last memory of a node that
/// somebody names.
inline constexpr auto claimed_stage = "claimed";

/// A block that was wanted and did not get there.
struct Stayed {
	uint64_t block = 0;
	int error = 0;
	bool killed = false;
	unsigned attempts = 0;
	std::string stage;
	std::string zone; ///< of a block that stayed online
};

/// What came of the wish to eject a device.
struct Ejected {
	std::string device;
	bool done = false;  ///< it is gone
	std::string reason; ///< for a person, why it is not
};

/// How a request ended.
struct Report {
	Change change = Change::offline;
	uint64_t block_size = 0;
	uint64_t goal = 0;		    ///< blocks wanted, beside `already`
	std::vector<uint64_t> done;	    ///< in the wanted state, and left so; ascending
	std::vector<uint64_t> already;	    ///< were in the wanted state before
	std::vector<uint64_t> left_to_host; ///< blocks of the host that were not touched
	std::vector<uint64_t> wrong_zone;   ///< onlined, but not where they belong
	std::vector<Stayed> stayed;
	std::vector<uint64_t> rolled_back; ///< were offline for a while; ascending
	std::vector<Stayed> lost;	   ///< should have come back and did not; also in `done`
	/// Went and were not put back: another request counts on them. Not in `done`; ascending.
	std::vector<uint64_t> left_to_others;
	uint64_t failed_attempts = 0;
	bool timed_out = false;
	bool cancelled = false;
	std::string waiting;		///< what it waited for when it ended
	std::optional<Ejected> ejected; ///< where that was asked for
	Time took{};

	bool complete() const { return done.size() >= goal && (!ejected || ejected->done); }
};

/// Why a block stayed, in words: "EBUSY at isolate", "no result within its deadline".
std::string reason(const Stayed &stayed);

/// The same of many, a line for those of one reason: "blocks 32-33: not tried".
std::vector<std::string> reasons(const std::vector<Stayed> &stayed);

/// What became of a block that its job has not brought there.
Stayed stayed_of(const Job::BlockRecord &record);

/// What an attempt adds to the progress; how far the request is then, the caller knows.
Progress progress_of(const Attempted &attempted);

} // namespace memhp
