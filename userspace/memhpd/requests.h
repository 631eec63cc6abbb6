// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "memhpd/config_file.h"
#include "memhpd/onliner.h"
#include "memhpd/requests_file.h"
#include "system/offline/engine.h"
#include "system/offline/request.h"

namespace memhp
{

/// What people and programs have asked for, until it is done: carries it out, logs its beginning,
/// its waits and its end, and tells the onliner of every block.
///
/// Offlines are on record in the file requests.json before anything is written, with the zone that
/// each block comes from. After a crash or a stop the next memhpd goes on with those for which
/// nobody waits. Those whose client is gone with the old one end; what they have to put back comes
/// back first.
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
		bool detached = false;
	};
	struct Parts {
		const Sysfs &sysfs;
		Engine &engine;
		Onliner &onliner;
		const ConfigFile &config;
		const Fd &dir; ///< memhpd's directory, must stay open
		/// Puts on record what the onliner knows of the blocks, where that is not yet. May
		/// be empty.
		std::function<void()> save_lives = {};
		/// Reports all failures of unplugs that the kernel has told so far. May be empty.
		std::function<void()> drain = {};
	};
	/// Blocks that stay offline for a request that has ended.
	using Kept = std::function<void(const std::vector<uint64_t> &)>;
	/// Both come from the loop and may be empty.
	struct Client {
		unsigned uid = 0;
		bool detached = false; ///< does not wait for the end
		/// A part of this program has begun it, has on record what it is for, and goes on
		/// with that after a crash: then the request itself is not gone on with, and what
		/// it took offline is not put back.
		bool owned = false;
		std::function<void(const Progress &)> progress;
		std::function<void(const Report &)> finished;
	};

	explicit Requests(Parts parts);

	/// Reads what the memhpd before left.
	void load();
	/// Goes on with it, unless the configuration cannot be used: then it is kept.
	void resume();

	/// Fails where the target is bad, or an offline cannot be put on record; then nothing has
	/// begun.
	Result<uint64_t> begin(const ChangeRequest &request, Client client);

	/// Ends it as soon as its running attempt has. False where there is no such request.
	bool cancel(uint64_t id);

	void on_kept(Kept kept) { kept_ = std::move(kept); }

	/// A block that is offline, and would be put back by somebody who is no request: true where
	/// that is left to a request which counts on it.
	bool leave(uint64_t block, const Origin &origin);

	/// memhpd is about to stop: what is cancelled from now on, and was begun by a client that
	/// does not wait, is kept for the next one.
	void suspend() { suspended_ = true; }

	std::vector<View> views() const;

	/// True while what the kernel tells of a failed unplug of this device may come from a
	/// request's own eject, so that it is no request of the firmware.
	bool ejecting(const std::string &device) const { return ejecting_.count(device) != 0; }

private:
	struct Entry {
		View view;
		Engine::JobId job = 0;
		SavedRequest saved;
		bool kept = false; ///< has ended here, and goes on in the next memhpd
	};

	/// What an offline that begins now has to take for online: it comes after these.
	SharedBlocks::Blocks on_their_way_online() const;
	void run(SavedRequest saved, Client client);
	void eject_ended(const std::string &device);
	void note(uint64_t id, const Progress &progress);
	/// False where the request is not over, but kept.
	bool end(uint64_t id, const Report &report);
	/// The plan with what other requests have changed about it.
	SavedRequest saved(uint64_t id, const Entry &entry) const;
	Result<void> save(const SavedRequest *more = nullptr) const;
	void save_or_warn() const;

	Parts parts_;
	Kept kept_;
	/// By the id of the request.
	std::shared_ptr<SharedBlocks> shared_ = std::make_shared<SharedBlocks>();
	std::map<uint64_t, Entry> entries_;
	std::multiset<std::string> ejecting_; ///< devices, once for each request that ejects
	std::vector<SavedRequest> left_;      ///< by the memhpd before, not gone on with yet
	uint64_t next_id_ = 1;
	bool suspended_ = false;
};

} // namespace memhp
