// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/memory/recall.h"
#include "core/offline/select.h"
#include "core/online/policy.h"
#include "core/online/ratio.h"
#include "memhpd/borrow.h"
#include "memhpd/burst.h"
#include "memhpd/dax_onliner.h"
#include "memhpd/look.h"
#include "memhpd/rezone.h"
#include "system/base/loop.h"
#include "system/kernel/uevent.h"
#include "system/memory/sysfs.h"
#include "system/offline/engine.h"

namespace memhp
{

/// Onlines hot-added memory by policy: notes uevents, waits until an addition is complete, looks at
/// the whole machine once, decides per device, and gives the engine one job. What is online already
/// when it is first seen (by the kernel in kernel mode) is checked instead.
class Onliner
{
public:
	struct Counters {
		uint64_t onlined = 0;	   ///< blocks, by policy
		uint64_t failures = 0;	   ///< failed attempts
		uint64_t gave_up = 0;	   ///< blocks that cannot be onlined
		uint64_t wrong_zone = 0;   ///< came online, but not in the zone that policy wanted
		uint64_t found_online = 0; ///< new blocks that the kernel or somebody else onlined
		uint64_t left_offline = 0; ///< of those that the kernel should have onlined
		uint64_t lost_events = 0;  ///< times that the kernel dropped uevents
		uint64_t scans = 0;	   ///< complete looks at the machine
		uint64_t beyond_ratio = 0; ///< blocks that a bound of the ratio kept from Movable
		uint64_t rezoned = 0;	   ///< blocks moved into the movable zone
	};

	struct Hooks {
		std::function<void()> drain;   ///< deliver all uevents sent so far
		std::function<void()> changed; ///< something that is saved changed: save it soon
		std::function<void()> save;    ///< save it now
		std::function<void()> look_around; ///< is the mode still the right one?
		/// Onlines that name no zone are about to be (true), or have been (false).
		std::function<void(bool)> by_default;
		/// All blocks have been read. May be empty.
		std::function<void(const std::vector<Block> &)> scanned = {};
	};

	Onliner(Loop &loop, const Sysfs &sysfs, Engine &engine, OnlinePolicy policy, Hooks hooks);

	/// First look at the machine. `saved` is the ledger of the daemon before, if there was one,
	/// `dax` its pending_dax(), `moving` its moving(); `kernel_default` what the kernel would
	/// online by itself without memhpd.
	void start(std::optional<std::map<uint64_t, Ledger::Entry>> saved,
		   const std::map<std::string, OnlineType> &dax,
		   std::optional<OnlineType> kernel_default,
		   const std::map<uint64_t, uint64_t> &moving = {});

	/// From here on on_uevent() is called for all that happens to blocks: a look then reads
	/// only what something has happened to. Without it, each look reads all.
	void follow_events() { follows_events_ = true; }

	/// How long a turn of a look may be. Before start().
	void set_turn(Time turn);

	/// Who onlines: the kernel, or this.
	void set_mode(OnlineMode mode) { mode_ = mode; }

	/// How to move memory between zones; `keep_type`: this kernel has no online_policy, so that
	/// each block must be told where it goes when the kernel onlines it by itself. Before
	/// start(), and before set_policy().
	void set_limits(const Rezone::Limits &limits, bool keep_type);

	/// No more memory is moved from here on; what is on its way comes back.
	void stop_moving() { policy_.rezone = policy_.borrow = false; }

	/// Decides anew on what is not online yet; what is online stays where it is.
	void set_policy(OnlinePolicy policy);

	void on_uevent(const Uevent &event);
	/// Reads all blocks, without a reason that it knows of.
	void look();

	/// memhpd is about to end: onlines now what is to be online, without a wait for its owner
	/// or for more of it. Over when no longer busy().
	void finish();
	bool busy() const { return in_round_ || !in_job_.empty() || borrow_.busy(); }
	/// The kernel dropped uevents.
	void on_lost();
	/// Reads all blocks, whatever is known of them, and compares that with what was known; each
	/// minute after start().
	void check();

	/// What it has just read: all blocks, in its hook look_around; else nullptr.
	const std::vector<Block> *looking_at() const { return looking_at_; }

	/// An attempt that somebody requested has changed this block.
	void note(Change change, const Attempted &attempted);

	const Ledger &ledger() const { return ledger_; }
	const OnlinePolicy &policy() const { return policy_; }
	const Counters &counters() const { return counters_; }
	size_t pending() const { return in_job_.size(); } ///< blocks about to be onlined
	/// Dax devices that are on their way by way of "unplugged".
	std::map<std::string, OnlineType> pending_dax() const { return dax_.pending(); }
	/// Blocks that are offline for a moment only, and their inodes: on their way into another
	/// zone, or borrowed.
	std::map<uint64_t, uint64_t> moving() const;
	/// Hot-added blocks that are online in another zone than policy wants, at the last look.
	const std::set<uint64_t> &misplaced() const { return misplaced_; }

private:
	/// Runs of additions are handled in rounds: barrier, list of blocks, until the list holds
	/// still over a barrier; then look at all blocks, and act on what is settled.
	void begin_round();
	void continue_round(bool passed);
	void listed(const Result<std::vector<uint64_t>> &numbers);
	void end_round(const Result<std::vector<Block>> &blocks, bool grown);
	/// Something has happened to a block: a look must not take it for what it was before.
	void touched(uint64_t block);
	/// Begins one in kernel mode, which checks what the kernel has done: as soon as it has
	/// onlined what has come, or does not go on with it.
	void begin_round_in_a_pause();
	Time pause() const;
	/// False for an addition that changes nothing, as a coldplug announces them.
	bool is_news(uint64_t block) const;
	/// True for a block that policy has to decide on.
	bool waits(const Block &block) const;
	void act(const Result<std::vector<Block>> &blocks, const std::vector<uint64_t> &settled);
	/// What is to become of fresh blocks.
	struct Decided {
		std::map<OnlineType, std::vector<Block>> wanted;
		std::set<uint64_t> left; ///< offline, by a bound of the ratio
	};
	/// Decides on the settled ones of a device; `count` gets what is to come.
	void decide_on(const Device &device, const std::vector<uint64_t> &settled,
		       MemoryCount &count, Decided &decided);
	/// What policy makes of the fresh blocks of a device, bounds of the ratio included.
	std::vector<Allotment> allotted(const Device &device, const std::vector<Block> &fresh,
					const Verdict &verdict, MemoryCount &count);
	/// Memory that counts for the ratio, with what is on its way online.
	MemoryCount counted(const std::vector<Block> &blocks) const;
	/// Checks what came online without memhpd.
	void check_new(const Device &device, const std::vector<uint64_t> &settled,
		       const MemoryCount &count);
	/// Hot-added blocks of a device that are online in another zone than policy wants, and
	/// would be in that one within the bounds of the ratio.
	std::vector<Block> misplaced_of(const Device &device, const Verdict &verdict,
					const MemoryCount &count) const;
	/// Notes all such blocks, and tells of those that are new.
	void survey(const std::vector<Device> &devices, const MemoryCount &count);
	/// Moves the misplaced blocks of one device, if online.rezone says so.
	void rezone(const std::vector<Device> &devices, const std::vector<Block> &blocks,
		    const MemoryCount &count);
	/// A block is about to be offline for a moment (true), or is so no more.
	void away(uint64_t block, bool begin);
	/// It is in this zone now, or offline for good: see Rezone::Hooks::moved.
	void came_back(uint64_t block, Zone zone, bool by_another);
	void moved(uint64_t block, Zone zone, bool by_another);
	void bring_back(const std::vector<Block> &blocks,
			const std::map<uint64_t, uint64_t> &moving);
	/// Has an older kernel remember where blocks belong that it onlines by itself.
	void keep_types(const std::vector<Device> &devices);
	void online_dax(const Device &device, const std::vector<Block> &fresh, OnlineType type,
			std::string why);
	void observe(const std::vector<Block> &blocks,
		     Ledger::Standing unknown_offline = Ledger::Standing::fresh,
		     bool first = false);
	/// Onlines what is wanted, but for the hole that a growing device still needs. `blocks` are
	/// all.
	void submit_chosen(std::vector<Block> chosen, OnlineType type,
			   const std::vector<Block> &blocks);
	void submit(Arranged arranged, OnlineType type);
	/// The same, with the zone's second block offline meanwhile, if online.borrow says so and
	/// it is worth it. `coming` are the blocks of `arranged`, `blocks` all.
	void submit_movable(Arranged arranged, const std::vector<Block> &coming,
			    const std::vector<Block> &blocks);
	/// May this block be borrowed, by policy and by what else is done with it?
	bool may_borrow(const Block &block, const std::vector<Block> &blocks) const;
	void attempted(const Job &job, const Attempted &attempted);
	/// What a look has read: tells the hook look_around, and keeps it. False where it failed.
	bool take(const Result<std::vector<Block>> &blocks);
	void checked(const Result<std::vector<Block>> &blocks);
	void schedule_check();
	/// After lost events: soon, but not all the time.
	void look_in_time();
	void look_again(Time at);
	void count_failure(const Attempted &attempted);
	void count_wrong_zone(uint64_t block, Zone zone, OnlineAction wanted, std::string_view why);
	void report_later();
	void report_burst();

	Loop &loop_;
	const Sysfs &sysfs_;
	Engine &engine_;
	OnlinePolicy policy_;
	Hooks hooks_;
	std::optional<OnlineType> kernel_default_;
	Ledger ledger_;
	Counters counters_;
	std::map<uint64_t, OnlineType> in_job_;

	bool in_round_ = false;
	bool again_ = false; ///< something was added since the round began
	unsigned looks_ = 0; ///< barriers of this round
	std::vector<uint64_t> seen_;
	bool read_all_ = false;	      ///< in the next round
	Look look_;		      ///< of the round
	bool lost_meanwhile_ = false; ///< events, since the list was begun
	Time look_began_{};
	Time last_add_{};
	Time last_event_{};
	std::set<uint64_t> expected_; ///< blocks that the kernel is about to online
	Time looked_at_{};	      ///< end of the last complete look
	Time look_took_{};
	bool follows_events_ = false;
	Look check_;
	Recall recall_;
	const std::vector<Block> *looking_at_ = nullptr;
	std::optional<uint64_t> held_; ///< the hole that waits for a growing device to pause

	OnlineMode mode_ = OnlineMode::daemon;
	std::set<uint64_t> born_; ///< blocks of new lives that are not checked yet
	std::set<uint64_t> misplaced_;
	std::set<uint64_t> left_; ///< blocks that a bound of the ratio keeps offline
	bool keep_type_ = false;
	std::set<uint64_t> kept_; ///< blocks whose type the kernel remembers
	DaxOnliner dax_;
	/// Dax devices that are online by way of "unplugged", and what decided it, until their
	/// new blocks were seen.
	std::map<std::string, std::string> dax_onlined_;

	Rezone rezone_;
	Borrow borrow_;

	Burst burst_;
	Loop::Source pause_source_;
	Loop::Source burst_source_;
	Loop::Source check_source_;
	Loop::Source look_again_source_;
	Time look_again_at_ = Time::max();
};

} // namespace memhp
