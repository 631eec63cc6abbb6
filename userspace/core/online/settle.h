// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>

#include "core/base/units.h"

namespace memhp
{

/// When to tell others that memory has come or gone: once after a burst of onlining and offlining
/// has settled, and not again for an interval, so that bursts in quick succession become one. A
/// pure machine: the caller says what happens and when, and asks when it is due.
class Settle
{
public:
	/// A burst is over when nothing has happened for so long.
	static constexpr Time quiet = std::chrono::seconds(3);
	/// A burst that never settles is told of after this time all the same.
	static constexpr Time longest = std::chrono::minutes(10);

	Settle() = default;
	/// Goes on where another left off that told at `told`, if it ever did.
	explicit Settle(std::optional<Time> told) : told_(told) {}
	/// Between one telling and the next; a minute where nothing else is said.
	void set_interval(Time interval) { interval_ = interval; }

	/// A block went online or offline.
	void changed(Time now);
	/// Something happened that keeps a burst going and begins none: a block was added or
	/// removed.
	void stirred(Time now);
	/// It has been told; what happens from now on is another burst.
	void tell(Time now);
	/// It need not be told: there is nobody to be told.
	void forget() { began_.reset(); }

	/// True while there is something to tell.
	bool pending() const { return began_.has_value(); }
	/// When to tell; nothing while nothing is pending.
	std::optional<Time> due() const;
	/// True where it may be told at once, settled or not: for an end that cannot wait.
	bool may_tell(Time now) const;
	std::optional<Time> told() const { return told_; }

private:
	Time not_before() const { return told_ ? *told_ + interval_ : Time{}; }

	Time interval_ = std::chrono::minutes(1);
	std::optional<Time> began_;
	Time last_{}; ///< when something happened last
	std::optional<Time> told_;
};

} // namespace memhp
