// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/units.h"
#include "core/base/words.h"
#include "core/memory/device.h"
#include "core/memory/target.h"

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

inline constexpr Words<OnlineAction, 5> online_action_words = {{
	{OnlineAction::movable, "movable"},
	{OnlineAction::kernel, "kernel"},
	{OnlineAction::kernel_default, "kernel-default"},
	{OnlineAction::leave, "leave"},
	{OnlineAction::offline, "offline"},
}};

std::string_view to_string(OnlineAction action);

/// An exception from the general action. A device matches where it matches everything that is
/// given.
struct OnlineRule {
	std::optional<Source> source;
	std::vector<int> nodes;		    ///< all blocks of the device lie on these; empty: any
	std::optional<Target::Range> range; ///< all its addresses lie in here
	uint64_t min_size = 0;		    ///< bytes
	OnlineAction action = OnlineAction::movable;
};

bool matches(const OnlineRule &rule, const Device &device, uint64_t block_size);

/// True where every device that `later` matches is one that `earlier` matches too.
bool covers(const OnlineRule &earlier, const OnlineRule &later);

/// The conditions in words: "source=dax-kmem node=2,3 min_size=1G", "any device".
std::string describe(const OnlineRule &rule);

/// Who decides on the memory of a new block: memhpd, or the kernel by its own settings.
enum class OnlineMode { automatic, kernel, daemon };

/// Where memory goes that would make too much of a machine movable.
enum class BeyondRatio { warn, kernel, offline };

/// `[online]` of the configuration.
struct OnlinePolicy {
	OnlineAction action = OnlineAction::movable;
	OnlineMode mode = OnlineMode::automatic;
	bool first_scan_online = true; ///< act on blocks found offline at the very first scan
	double max_movable_ratio = 4;  ///< movable : kernel
	BeyondRatio beyond_ratio = BeyondRatio::warn;
	std::optional<double> hard_ratio = 16; ///< nothing: no such bound
	bool ratio_per_node = false;	       ///< the ratios hold on each NUMA node too
	Time owner_grace = std::chrono::seconds(10);
	bool defend = true;
	bool rezone = false;
	bool borrow = false;
	std::vector<OnlineRule> rules; ///< the first that matches decides
};

/// In a line: "onlining hot-added memory as movable, 2 rules".
std::string describe(const OnlinePolicy &policy);

/// What policy wants of a device, and what says so.
struct Verdict {
	OnlineAction action = OnlineAction::movable;
	std::optional<size_t> rule; ///< number of the rule that decided, counted from 1
	std::string by;		    ///< the same in words; also for what is no rule
};

Verdict judge(const OnlinePolicy &policy, const Device &device, uint64_t block_size);

/// True where a block in this zone is as the action wants its memory.
bool right_zone(OnlineAction action, Zone zone);

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

/// What `action` comes to for a device that was first seen at `since`. `kernel_default` is what the
/// kernel would have done by itself (the value of auto_online_blocks before memhpd took it over),
/// nothing for "offline".
Decision decide(OnlineAction action, Time owner_grace, std::optional<OnlineType> kernel_default,
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
	/// Who wanted an online block in its zone.
	enum class Chooser { nobody, policy, request };
	struct Entry {
		uint64_t inode = 0;
		Standing standing = Standing::fresh;
		bool online = false; ///< at the last look
		Time since{};	     ///< when this life was first seen
		/// Why the block is as it is, for a person; empty where it was so before memhpd
		/// looked.
		std::string why;
		Chooser zone_by = Chooser::nobody; ///< of the zone that it is in
	};

	/// Takes in a complete scan, ascending, taken after all uevents sent before it were noted.
	/// Blocks of `first_scan_offline` standing are what a block found offline gets that the
	/// ledger has never seen: `deliberate` at a first scan that leaves them alone, else
	/// `fresh`.
	struct News {
		std::vector<uint64_t> taken_offline; ///< only this scan shows that they went
		std::vector<uint64_t> born;	     ///< in a life that the ledger had not seen
		bool changed = false;		     ///< entries are others than before
	};
	News observe(const std::vector<Block> &blocks, Time now,
		     Standing unknown_offline = Standing::fresh);

	/// An online or offline of a block, by uevent or by an own write. A block that the ledger
	/// has not seen yet is ignored: the next scan finds it.
	void went_online(uint64_t block);
	void went_offline(uint64_t block);

	/// The zone that an online block is in now is the one that was chosen for it.
	void zone_chosen(uint64_t block, Chooser by);
	Chooser zone_by(uint64_t block) const;

	/// From begin_move() to end_move() the block is offline for a moment only, to come back in
	/// another zone: nobody has taken it offline.
	void begin_move(uint64_t block) { moving_.insert(block); }
	void end_move(uint64_t block) { moving_.erase(block); }
	/// Its life begins anew: policy decides again, unless it is online.
	void renew(uint64_t block);

	/// Notes why the block is as it is, or is about to be.
	void explain(uint64_t block, std::string why);

	/// Policy is done with this life of the block: it cannot be onlined, by `failure`.
	void give_up(uint64_t block, const std::string &failure);

	/// An `add` of a block whose directory has this inode (nothing: it cannot be read): true
	/// where policy may have to act, on a life not seen yet or not onlined yet. False for the
	/// events of a coldplug about blocks that policy is done with.
	bool is_news(uint64_t block, std::optional<uint64_t> inode) const;

	Standing standing(uint64_t block) const;
	/// When the block's life was first seen; zero if it is unknown.
	Time since(uint64_t block) const;

	const std::map<uint64_t, Entry> &entries() const { return entries_; }
	void restore(std::map<uint64_t, Entry> entries);
	/// How many of them are deliberately offline.
	uint64_t deliberate() const { return deliberate_; }

private:
	void stand(Entry &entry, Standing standing);
	void now_online(Entry &entry);
	void now_offline(Entry &entry);

	std::map<uint64_t, Entry> entries_;
	uint64_t deliberate_ = 0;
	std::set<uint64_t> moving_;
};

} // namespace memhp
