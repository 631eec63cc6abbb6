// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/kernel/event.h"

namespace memhp
{

/// How long attempts of one kind took that ended in one way: a line of the module's `latency`.
struct Latency {
	struct Bucket {
		uint64_t from_us = 0;
		std::optional<uint64_t> to_us; ///< below this; nothing: the last one
		uint64_t count = 0;
	};

	std::string operation;	 ///< "online", "offline"
	std::string result;	 ///< "ok", or the stage at which they failed
	uint64_t count = 0;	 ///< attempts
	uint64_t unmeasured = 0; ///< of those, without a known duration
	uint64_t sum_us = 0;
	uint64_t max_us = 0;
	std::vector<Bucket> buckets; ///< all that there are, ascending

	uint64_t measured() const { return count - unmeasured; }
	/// Those from the first that holds something to the last.
	std::vector<Bucket> filled() const;
	/// So many µs that at least this share (0 to 1) of the measured ones took less, as far as
	/// buckets tell; nothing where none was measured.
	std::optional<uint64_t> below(double share) const;
};

/// Fails on a record without one of the counts, or whose buckets do not ascend.
Result<Latency> parse_latency(const Record &record);

/// A bar of at most `width` characters for `count` of `most`; at least one for what is not 0.
std::string bar(uint64_t count, uint64_t most, size_t width);

} // namespace memhp
