// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/units.h"

namespace memhp
{

/// A device that its host wants back: what to do next, and when it is over. Of a DIMM the kernel's
/// own attempt has failed, and it does not try again; of a container it makes none. A pure machine
/// like Job: the caller asks next(), does what it says, and reports.
class Unplug
{
public:
	struct Spec {
		bool eject = true; ///< else the host must ask again once the device is empty
		Time deadline = std::chrono::minutes(10); ///< span from the host's last request
		unsigned ejects = 3;			  ///< how often at most
		Time patience =
			std::chrono::seconds(10); ///< of one eject, until the blocks are gone
		/// It is a container: when its blocks are offline it has to go offline itself.
		bool container = false;
		Time interval = std::chrono::seconds(1); ///< between two tries to do that
	};

	/// Wait until no attempt of the kernel runs any more, see Engine::barrier(); report
	/// settled().
	struct Settle {
	};
	/// Take every block of the device offline until this point in time; report offlined().
	struct Offline {
		Time until;
	};
	/// Take the container itself offline; report released().
	struct Release {
	};
	/// Write into the device's `eject`; report ejected().
	struct Eject {
	};
	/// Put what was taken offline back where it came from, the container before the blocks;
	/// report restored().
	struct Restore {
	};
	/// Something has been ordered or is awaited: ask again then, or after the next report.
	struct Wait {
		Time until;
	};
	struct Finished {
	};
	using Step = std::variant<Settle, Offline, Release, Eject, Restore, Wait, Finished>;

	/// How an offline of all blocks ended.
	enum class Offlined {
		all,
		late,	///< out of time, or cancelled
		refused ///< what is left will not go, whatever the time
	};

	Unplug(Spec spec, Time now) : spec_(spec), asked_(now) {}

	/// Blocks were taken offline for it before this machine began.
	void took() { took_ = true; }

	/// The host has asked again: the clock starts anew. Not after the end.
	void asked(Time now);

	Step next(Time now);

	/// False: the lock was not to be had; the kernel's attempt may still run.
	void settled(bool passed);
	/// `why`: of one that is refused, for a person; may be empty.
	void offlined(Offlined result, std::string why = {});
	/// The errno of the write, 0 for none. EBUSY: something in the container is online still.
	void released(int error, Time now);
	/// The errno of the write, 0 for none. A write that succeeds is a request, not a success.
	/// EBUSY: there was none, since blocks are online again. Not where the device is gone().
	void ejected(int error, Time now);
	/// All blocks were removed: by our eject, or by another request of the host.
	void gone();
	void restored();

	/// True while the kernel's own attempt may still run: what it tells of it is no new
	/// request.
	bool settling() const { return phase_ == Phase::settle || phase_ == Phase::settling; }
	/// True where a failed attempt of the kernel on this device is the end of our own eject,
	/// and no request of the host.
	bool own_eject() const { return phase_ == Phase::ejecting || phase_ == Phase::leaving; }
	bool succeeded() const { return gone_; }
	/// Why it was given up; for a person, empty while it was not.
	const std::string &why() const { return why_; }
	unsigned ejects() const { return ejects_; }
	/// Point in time at which it is given up.
	Time until() const { return asked_ + spec_.deadline; }

private:
	/// What is to be ordered next, or was ordered and is to be reported.
	enum class Phase {
		settle,
		settling,
		offline,
		offlining,
		release,
		releasing,
		busy, ///< something in the container is not offline yet
		eject,
		ejecting,
		leaving, ///< ejected, or left empty for the host: the blocks have to go
		restore,
		restoring,
		over,
	};

	void give_up(std::string why);

	Spec spec_;
	Time asked_;
	Phase phase_ = Phase::settle;
	Time leave_by_{};
	Time retry_at_{};
	unsigned ejects_ = 0;
	bool took_ = false;  ///< an offline was ordered: there may be something to restore
	bool again_ = false; ///< asked while giving up
	bool gone_ = false;
	std::string why_;
};

} // namespace memhp
