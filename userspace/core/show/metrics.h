// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/kernel/event.h"
#include "core/memory/tally.h"
#include "core/offline/retry.h"
#include "core/online/ratio.h"

namespace memhp
{

/// What memhpd's writes came to since it started.
struct AttemptCounts {
	std::map<Change, uint64_t> reached;		   ///< blocks that got there
	std::map<std::pair<Change, int>, uint64_t> failed; ///< attempts, by errno
	std::map<Change, uint64_t> killed; ///< those of them that ran into their deadline

	/// An attempt that was interrupted to let another pass counts as none.
	void count(Change change, const Outcome &outcome);
};

/// What only a running memhpd knows; the counts are since it started.
struct DaemonMeasures {
	uint64_t start_time = 0; ///< seconds since 1970
	bool config_good = true;
	AttemptCounts attempts;
	std::map<Change, uint64_t> requests; ///< that are being worked on
	uint64_t pending = 0;		     ///< blocks that policy is about to online
	uint64_t deliberate = 0;	     ///< blocks kept offline
	uint64_t gave_up = 0;
	uint64_t wrong_zone = 0;
	uint64_t misplaced = 0;	   ///< blocks that are in a wrong zone now
	uint64_t moved = 0;	   ///< blocks, by online.rezone
	uint64_t beyond_ratio = 0; ///< blocks kept from the movable zone
	bool beyond = false;	   ///< the machine is beyond max_movable_ratio
	uint64_t lost_uevents = 0;
	uint64_t scans = 0;
	bool worker_hung = false;
	uint64_t settled = 0; ///< bursts that were told
	/// Unplugs that the kernel gave up and memhpd took over, by what came of them.
	std::map<std::string, uint64_t> unplugs;
	uint64_t unplugs_pending = 0;
	bool stuck = false; ///< a worker of the kernel tries an offline that does not end
};

/// Everything that there is to measure, as it is now.
struct Measures {
	std::string version;
	uint64_t block_size = 0;
	Tally tally;
	MemoryCount count; ///< of the same
	std::optional<DaemonMeasures> daemon;
	std::optional<Record> module;	      ///< its "status"
	std::optional<uint64_t> hooks_failed; ///< programs of the last burst, if there were any
};

/// A number and its labels.
struct Sample {
	std::vector<std::pair<std::string, std::string>> labels;
	uint64_t value = 0;
};

/// All numbers of one name.
struct Metric {
	std::string name;
	std::string type; ///< "gauge" or "counter"
	std::string help; ///< one line
	std::vector<std::string> labels;
	std::vector<Sample> samples; ///< none where it is not known
};

/// Every metric that there is, also those without samples. Documentation/metrics.md lists the same.
std::vector<Metric> metrics_of(const Measures &measures);

/// The Prometheus text format, version 0.0.4. Metrics without samples are left out.
std::string to_text(const std::vector<Metric> &metrics);

/// When the text in a file is written anew. A pure machine, as Settle is.
class Refresh
{
public:
	/// Between one writing and the next.
	static constexpr Time interval = std::chrono::seconds(15);
	/// From a change to the writing, so that a burst's first blocks do not wait for it.
	static constexpr Time delay = std::chrono::seconds(1);
	/// What changes without memhpd's notice, such as the module's counters, is no older.
	static constexpr Time oldest = std::chrono::minutes(1);

	void changed(Time now);
	void written(Time now);
	/// When to write; at once (zero) where it was never written.
	Time due() const;

private:
	std::optional<Time> changed_; ///< first change that is not written
	std::optional<Time> written_;
};

} // namespace memhp
