// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <map>

#include <sys/types.h>

namespace memhp
{

/// What the clients of a socket may take at a time. Root is bound by `connections` only: nobody
/// else shall keep it out.
struct ClientLimits {
	size_t connections = 256;	 ///< of all together
	size_t others = 192;		 ///< of all but root
	size_t per_user = 64;		 ///< of one user
	size_t queued = size_t{4} << 20; ///< bytes that wait for one user, in either direction
};

/// Who is connected, and how much waits for them.
class Clients
{
public:
	explicit Clients(const ClientLimits &limits) : limits_(limits) {}

	/// One more of this user's; false, and nothing has changed, where it is one too many.
	bool admit(uid_t uid);
	void leave(uid_t uid);

	/// One connection of the user's has `now` bytes waiting, where it had `before`. False where
	/// the user has too much then.
	bool queue(uid_t uid, size_t before, size_t now);

	size_t connections() const { return connections_; }
	size_t queued() const { return queued_; } ///< bytes, of all together

private:
	struct User {
		size_t connections = 0;
		size_t queued = 0;
	};

	ClientLimits limits_;
	std::map<uid_t, User> users_;
	size_t connections_ = 0;
	size_t queued_ = 0;
};

} // namespace memhp
