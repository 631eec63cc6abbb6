// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/offline/retry.h"
#include "core/offline/select.h"
#include "core/offline/shared_blocks.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// A person's or program's wish to online or offline memory, as it comes from a command line or
/// over the socket.
struct ChangeRequest {
	Change change = Change::offline;
	std::vector<std::string> target; ///< words, see core/memory/target.h
	OnlineType type = OnlineType::movable;
	bool force = false;	     ///< see select_offline()
	bool all_or_nothing = false; ///< of an offline: what went comes back where not all goes
	bool eject = false; ///< of an offline of one whole device: then take the device out
	/// Of an offline: one attempt a block, and what went comes back in any case.
	bool trial = false;
	Asker asker = Asker::person;
	/// What is not given is as the configuration has it.
	std::optional<Time> deadline; ///< span of the whole request
	std::optional<Time> attempt_deadline;
	std::optional<Amount> min_free; ///< of an offline
};

/// What holds for a request under this configuration.
Config::Offline terms_of(const ChangeRequest &request, Config::Offline config);

/// What a request comes to on this machine: enough to go on with it after a crash.
struct Plan {
	/// A block as it was when the plan was made.
	struct Part {
		uint64_t block = 0;
		uint64_t inode = 0;	///< another one is another life
		Zone zone = Zone::none; ///< of an online block: where it has to come back to
		int node = -1;		///< -1: none, or several
	};

	ChangeRequest request;
	Config::Offline terms;
	std::vector<Part> parts; ///< in the order to try them
	size_t goal = 0;	 ///< how many of them are wanted
	std::vector<uint64_t> already;
	std::vector<uint64_t> left_to_host;
	JobSpec::Rearrange rearrange; ///< may be empty

	Time deadline{};      ///< point in time
	bool resumed = false; ///< another process has begun it
	/// Nothing more goes offline; what must not stay so has to be put back.
	bool rolling_back = false;
	Lowered lowered; ///< huge pages that are given back for the duration
	/// Of one that was begun: what other requests have to do with it, see SharedBlocks. `owed`
	/// has what is none of its parts.
	SharedBlocks::Record shared;
};

/// Selects the target's blocks in a fresh scan, without changing anything; the clock of the
/// deadline runs from now. Blocks that are `returning`, on their way back online, count as online.
/// The failure is the target's.
Result<Plan> make_plan(const Sysfs &sysfs, const ChangeRequest &request,
		       const Config::Offline &terms, const SharedBlocks::Blocks &returning = {});

} // namespace memhp
