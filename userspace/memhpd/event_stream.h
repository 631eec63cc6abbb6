// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/varlink/backlog.h"
#include "system/base/loop.h"
#include "system/kernel/kmod.h"
#include "system/kernel/uevent.h"
#include "system/offline/engine.h"
#include "system/varlink/varlink.h"

namespace memhp
{

/// What happens to memory blocks, told to clients as it happens.
///
/// With the module these are its records, and the additions and removals that the kernel announces.
/// Without it they are what the kernel announces (add, remove, online, offline), and memhpd's own
/// attempts that fail, which nobody announces. The module may come and go meanwhile: an event says
/// so.
///
/// All clients are served from one backlog, each at its own pace: a slow one costs no memory, and
/// is told how much it has missed. While nobody listens nothing is read and nothing is kept.
class EventStream
{
public:
	/// `announced`: on_uevent() will be called; false on a recorded tree, where memhpd's own
	/// successes then are told as well.
	EventStream(Loop &loop, const Kmod &kmod, bool announced);

	/// Tells the client what comes from now on, until it is gone. A call with "more".
	void follow(const std::shared_ptr<varlink::Call> &call);

	void on_uevent(const Uevent &event);
	/// The kernel has dropped uevents.
	void on_lost();
	/// memhpd has tried something on a block.
	void attempted(Change change, const Attempted &attempted);

	size_t followers() const { return followers_.size(); }

private:
	struct Follower {
		std::shared_ptr<varlink::Call> call;
		uint64_t at = 0;
	};

	bool has_module() const { return source_ == Source::module; }
	/// Reads what the module has recorded meanwhile, and passes everything on.
	void drain();
	void drain_soon();
	void wait();
	void push(const nlohmann::json &event);
	void flush();
	void tell(Follower &follower);
	nlohmann::json source_event() const;

	enum class Source { none, module, uevents };

	Loop &loop_;
	const Kmod &kmod_;
	bool announced_;
	Source source_ = Source::none;
	Backlog backlog_;
	/// On their way into the backlog: with the time of each, in ns since boot.
	std::vector<std::pair<uint64_t, std::string>> batch_;
	std::optional<uint64_t> next_; ///< the first record of the module that was not read
	std::list<Follower> followers_;
	Loop::Source timer_;
	Loop::Source soon_;
};

/// A record of the module as an event of the interface io.memhp: what that declares, and no more.
nlohmann::json event_of(const Record &record);

} // namespace memhp
