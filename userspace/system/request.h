// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
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
	bool force = false; ///< see select_offline()
	/// What is not given is as the configuration has it.
	std::optional<Time> deadline; ///< span of the whole request
	std::optional<Time> attempt_deadline;
	std::optional<Amount> min_free; ///< of an offline
};

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
	std::string waiting; ///< what it waited for when it ended
	Time took{};

	bool complete() const { return done.size() >= goal; }
};

/// Why a block stayed, in words: "EBUSY at isolate", "no result within its deadline".
std::string reason(const Stayed &stayed);

/// Selects the target's blocks in a fresh scan, without changing anything.
Result<Selection> select(const Sysfs &sysfs, const ChangeRequest &request);

struct RequestCallbacks {
	/// After each attempt; may be empty, as may `progress`.
	std::function<void(Change, const Attempted &)> attempted;
	std::function<void(const Progress &)> progress;
	std::function<void(const Report &)> finished; ///< once
};

/// What holds for a request under this configuration.
Config::Offline terms_of(const ChangeRequest &request, Config::Offline config);

/// Starts a request on the terms that terms_of() gives. The failure is the target's: nothing has
/// been started then.
Result<Engine::JobId> start(Engine &engine, const Sysfs &sysfs, const ChangeRequest &request,
			    const Config::Offline &terms, RequestCallbacks callbacks);

} // namespace memhp
