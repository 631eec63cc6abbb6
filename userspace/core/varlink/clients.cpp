// SPDX-License-Identifier: GPL-2.0-only
#include "core/varlink/clients.h"

namespace memhp
{
namespace
{

constexpr uid_t root = 0;

} // namespace

bool Clients::admit(uid_t uid)
{
	const auto of_root = users_.find(root);
	const auto others =
		connections_ - (of_root == users_.end() ? 0 : of_root->second.connections);
	const auto found = users_.find(uid);
	const auto own = found == users_.end() ? 0 : found->second.connections;
	if (connections_ >= limits_.connections)
		return false;
	if (uid != root && (others >= limits_.others || own >= limits_.per_user))
		return false;
	++users_[uid].connections;
	++connections_;
	return true;
}

void Clients::leave(uid_t uid)
{
	--connections_;
	const auto user = users_.find(uid);
	if (--user->second.connections == 0)
		users_.erase(user);
}

bool Clients::queue(uid_t uid, size_t before, size_t now)
{
	auto &user = users_[uid];
	user.queued = user.queued - before + now;
	queued_ = queued_ - before + now;
	return uid == root || now <= before || user.queued <= limits_.queued;
}

} // namespace memhp
