// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "core/block.h"
#include "core/units.h"

namespace memhp
{

/// What policy does with a hot-added device; the words of `[online] action`.
enum class OnlineAction {
	movable,	///< into ZONE_MOVABLE
	kernel,		///< into a kernel zone
	kernel_default, ///< where the kernel's own default puts it
	leave,		///< as if memhpd were not there, after its owner had time to act
	offline,	///< keep it offline
};

std::string_view to_string(OnlineAction action);
std::optional<OnlineAction> parse_online_action(std::string_view text);

struct OnlinePolicy {
	OnlineAction action = OnlineAction::movable;
	bool first_scan_online = true; ///< act on blocks found offline at the very first scan
	Time owner_grace = std::chrono::seconds(10);
};

/// What to do with an offline block of a fresh life.
struct Online {
	OnlineType type;
};
struct NotYet {
	Time until;
};
struct Nothing {
};
using Decision = std::variant<Online, NotYet, Nothing>;

/// Decides for one device, whose memory came from `source` and was first seen at `since`.
/// `kernel_default` is what the kernel would have done by itself (the value of auto_online_blocks
/// before memhpd took it over), nothing for "offline".
Decision decide(const OnlinePolicy &policy, Source source, std::optional<OnlineType> kernel_default,
		Time since, Time now);

/// The lives of all blocks: which of them policy may still touch. A life begins with a new inode of
/// the block's sysfs directory. Policy touches a block once per life, and never one that somebody
/// took offline.
class Ledger
{
public:
	enum class Standing {
		fresh,	    ///< not online yet in this life: policy decides
		handled,    ///< has been online in this life, or policy is done with it
		deliberate, ///< somebody took it offline: stays so until an explicit online
	};
	struct Entry {
		uint64_t inode = 0;
		Standing standing = Standing::fresh;
		bool online = false; ///< at the last look
		Time since{};	     ///< when this life was first seen
	};

	/// Takes in a complete scan, taken after all uevents sent before it were noted. Blocks of
	/// `first_scan_offline` standing are what a block found offline gets that the ledger has
	/// never seen: `deliberate` at a first scan that leaves them alone, else `fresh`.
	/// Returns the blocks whose going offline only this scan shows.
	std::vector<uint64_t> observe(const std::vector<Block> &blocks, Time now,
				      Standing unknown_offline = Standing::fresh);

	/// An online or offline of a block, by uevent or by an own write. A block that the ledger
	/// has not seen yet is ignored: the next scan finds it.
	void went_online(uint64_t block);
	void went_offline(uint64_t block);

	/// Policy is done with this life of the block: it cannot be onlined.
	void give_up(uint64_t block);

	Standing standing(uint64_t block) const;
	/// When the block's life was first seen; zero if it is unknown.
	Time since(uint64_t block) const;

	const std::map<uint64_t, Entry> &entries() const { return entries_; }
	void restore(std::map<uint64_t, Entry> entries) { entries_ = std::move(entries); }

private:
	std::map<uint64_t, Entry> entries_;
};

} // namespace memhp
