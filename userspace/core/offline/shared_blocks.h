// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// Where a block that is offline has to come back to.
struct Origin {
	uint64_t inode = 0; ///< of its directory: another one is another life
	Zone zone = Zone::none;

	bool operator==(const Origin &) const = default;
};

/// Which of the requests that overlap has to put a block back, and which counts on it being
/// offline. A block is put back by nobody as long as a request counts on it: who gives up leaves it
/// to that one, with the duty to put it back; and once such a request has ended well the block
/// stays where it is. So the last that has to do with a block decides, and none is forgotten.
class SharedBlocks
{
public:
	using Id = uint64_t;
	using Blocks = std::map<uint64_t, Origin>;

	enum class Kind {
		lasting, ///< what goes is to stay offline
		/// It counts on nothing when others give up: a trial, and a part of a larger work
		/// that sees to its blocks itself.
		passing,
	};

	/// What a crash must not make a request forget.
	struct Record {
		std::set<uint64_t> kept; ///< stay offline for others that have ended well
		Blocks owed;		 ///< what it would have to put back

		bool operator==(const Record &) const = default;
	};

	/// A request begins, or goes on with blocks that are kept. `id` is nobody's.
	void begin(Id id, Kind kind, const std::set<uint64_t> &kept = {});
	/// It has taken the block offline.
	void took(Id id, uint64_t block, const Origin &origin);
	/// It wants the block offline, and found it so.
	void found(Id id, uint64_t block);
	/// The block is online again, whoever did that: no request has to do with it any more.
	void back(uint64_t block);

	/// Somebody who is no request gives the block up: leaves it to one that counts on it, the
	/// eldest. False where there is none, so that it has to be put back.
	bool leave(uint64_t block, const Origin &origin);

	struct GivenUp {
		Blocks put_back;	    ///< is up to the request
		std::vector<uint64_t> left; ///< to others; ascending
	};
	/// It is not to keep what went. What it has to put back is on its way until back() or
	/// end(). Until end() it counts on nothing.
	GivenUp give_up(Id id);
	/// It ends, and keeps what went: a lasting one for good, so that nobody else puts back what
	/// it counts on; those blocks, ascending.
	std::vector<uint64_t> keep(Id id);
	/// It has ended; nothing becomes of what it had not put back. Not needed after keep().
	void end(Id id);

	/// Blocks that are on their way back, of all requests.
	Blocks returning() const;
	/// Of one that has not ended, or an empty one.
	Record record(Id id) const;

private:
	struct Request {
		Kind kind = Kind::lasting;
		Record record;
		std::set<uint64_t> found;
		bool given_up = false;

		bool counts_on(uint64_t block) const;
	};

	std::map<Id, Request> requests_;
};

} // namespace memhp
