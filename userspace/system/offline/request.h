// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/offline/shared_blocks.h"
#include "system/offline/engine.h"
#include "system/offline/outcome.h"
#include "system/offline/plan.h"

namespace memhp
{

struct RequestCallbacks {
	/// After each attempt, also of those that put blocks back. May be empty, as may `progress`.
	std::function<void(Change, const Attempted &)> attempted;
	std::function<void(const Progress &)> progress;
	std::function<void(const Report &)> finished; ///< once
	/// Huge pages are about to be given back, or were had again: what is to be restored. May
	/// be empty.
	std::function<void(const Lowered &)> lowered;
	/// True where another process will go on with what is cancelled now: nothing is put back.
	/// May be empty.
	std::function<bool()> suspended;
	/// A device is about to be ejected (true), or that has come to an end, good or bad. May be
	/// empty.
	std::function<void(const std::string &device, bool begins)> ejecting = {};
	/// It ends, and these blocks stay offline for it, see SharedBlocks. May be empty.
	std::function<void(const std::vector<uint64_t> &)> kept = {};
};

/// A request among others that may be about the same blocks.
struct Share {
	std::shared_ptr<SharedBlocks> blocks = std::make_shared<SharedBlocks>();
	SharedBlocks::Id id = 0;
	bool passing = false; ///< see SharedBlocks; a trial is so in any case
};

/// Carries out a plan, with `terms.assist` between its passes. The job that comes back can be
/// cancelled; what then has to be put back comes back all the same. Callbacks come from the loop.
Engine::JobId start(Engine &engine, const Sysfs &sysfs, Plan plan, RequestCallbacks callbacks,
		    const Share &share = {});

} // namespace memhp
