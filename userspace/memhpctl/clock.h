// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace memhp
{

/// The file of a collected tree that says when it was collected: "realtime_ns=N boot_ns=N".
inline constexpr auto collected_clock = "memhp-collect/clock";

/// What the clocks of a machine say.
class Clock
{
public:
	/// A clock that knows nothing.
	Clock() = default;
	/// Those of the running machine, or those of the tree below `root_fd` at the time at which
	/// it was collected. A tree that was recorded otherwise has none.
	static Clock of(int root_fd);

	/// A CLOCK_BOOTTIME reading as local wall-clock time: "14:03:27.482", with the date before
	/// it where it was not today; without clocks "18.722s after boot".
	std::string text(uint64_t boot_ns) const;

	/// CLOCK_BOOTTIME and CLOCK_REALTIME, in ns.
	std::optional<uint64_t> boot_now() const { return boot_now_; }
	std::optional<int64_t> real_now() const { return real_now_; }

	/// Content of collected_clock for now, on the running machine.
	static std::string record();

private:
	std::optional<uint64_t> boot_now_;
	std::optional<int64_t> real_now_;
};

} // namespace memhp
