// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace memhp
{

/// An amount of memory: a share of all there is, or bytes.
struct Amount {
	bool percent = true;
	uint64_t value = 10;
};

/// Reads "10%" (0 to 100, whole) or a size. Fails on anything else.
Result<Amount> parse_amount(std::string_view text);
/// What parse_amount() reads back as the same.
std::string to_string(const Amount &amount);

/// What offlining has to leave the machine.
struct Limits {
	Amount min_free;	  ///< available memory; 0 is no limit
	double max_pressure = 20; ///< percent; 100 is no limit
};

/// How the machine is, just before an attempt.
struct Load {
	uint64_t total = 0;		///< bytes of memory (MemTotal)
	uint64_t available = 0;		///< of which new programs can have so much (MemAvailable)
	std::optional<double> pressure; ///< percent (PSI memory, some avg10); none: not measured
	double own_pressure = 0;	///< the same of memhpd's own processes
};

/// Bytes that `amount` means on this machine. A share is never less than 512M.
uint64_t bytes_of(const Amount &amount, uint64_t total);

/// The share of time in which somebody would wait for memory if memhpd did not, in percent: both
/// wait independently of each other, and `all` is the time in which one of them does.
double foreign_pressure(double all, double own);

/// Why nothing may be taken offline at the moment.
struct Hold {
	enum class Why { memory, pressure, unknown };
	Why why = Why::unknown;
	std::string text; ///< "only 700M would stay available, min_free is 819M"
};

/// Whether one more block of `block_size` bytes may go. A load that cannot be read is a reason to
/// wait: what is not known may be bad.
std::optional<Hold> forbids(const Limits &limits, const Result<Load> &load, uint64_t block_size);

/// How many blocks may go one after another before forbids() would have to be asked again, as far
/// as memory goes: at least 1, for that has been asked.
uint64_t room(const Limits &limits, const Load &load, uint64_t block_size);

} // namespace memhp
