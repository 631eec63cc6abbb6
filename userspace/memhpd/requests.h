// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "memhpd/config_file.h"
#include "memhpd/onliner.h"
#include "system/engine.h"
#include "system/request.h"

namespace memhp
{

/// What people and programs have asked for, until it is done: carries it out, logs its beginning,
/// its waits and its end, and tells the onliner of every block.
class Requests
{
public:
	/// A request that has not ended.
	struct View {
		uint64_t id = 0;
		Change change = Change::offline;
		std::string target; ///< as written
		Progress progress;  ///< after the last attempt
		Time deadline{};    ///< point in time
	};

	Requests(const Sysfs &sysfs, Engine &engine, Onliner &onliner, const ConfigFile &config);

	/// Fails where the target is bad; then nothing has begun. `progress` and `finished` come
	/// from the loop and may be empty. `uid`: who asked, for the log.
	Result<uint64_t> begin(const ChangeRequest &request, unsigned uid,
			       std::function<void(const Progress &)> progress,
			       std::function<void(const Report &)> finished);

	/// Ends it as soon as its running attempt has. False where there is no such request.
	bool cancel(uint64_t id);

	std::vector<View> views() const;

private:
	struct Entry {
		View view;
		Engine::JobId job = 0;
	};

	void note(uint64_t id, const Progress &progress);
	void end(uint64_t id, const Report &report);

	const Sysfs &sysfs_;
	Engine &engine_;
	Onliner &onliner_;
	const ConfigFile &config_;
	std::map<uint64_t, Entry> entries_;
	uint64_t next_id_ = 1;
};

} // namespace memhp
