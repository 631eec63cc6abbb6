// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/online/policy.h"
#include "core/online/setting.h"

namespace memhp
{

/// What a restarted memhpd must know of the one before it. Kept in /run: a reboot begins anew.
struct SavedState {
	HeldSettings settings; ///< to be handed back
	std::map<uint64_t, Ledger::Entry> blocks;
	/// Dax devices that are on their way online by way of "unplugged": without memhpd their
	/// memory would stay away.
	std::map<std::string, OnlineType> dax;
	/// Blocks that are on their way into another zone, and their inodes: they may be offline
	/// for no other reason.
	std::map<uint64_t, uint64_t> moving;
};

/// Nothing where there is no file. A file that cannot be read or understood is a failure; the
/// caller goes on without it.
Result<std::optional<SavedState>> load_state(int dir, const std::string &path);

/// Replaces the file atomically. `blocks` are written in the place of those in `state`: they may be
/// too many for a copy.
Result<void> save_state(int dir, const std::string &path, const SavedState &state,
			const std::map<uint64_t, Ledger::Entry> &blocks);
inline Result<void> save_state(int dir, const std::string &path, const SavedState &state)
{
	return save_state(dir, path, state, state.blocks);
}

} // namespace memhp
