// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/units.h"
#include "core/kernel/latency.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"

namespace memhp
{

using nlohmann::json;

namespace
{

Result<std::vector<Latency>> read_latencies(const Kmod &kmod)
{
	const auto records = kmod.latency();
	if (!records)
		return fail(records.error());
	std::vector<Latency> list;
	for (const auto &record : *records) {
		const auto latency = parse_latency(record);
		if (!latency)
			return fail(latency.error());
		if (latency->count > 0)
			list.push_back(*latency);
	}
	return list;
}

json to_json(const Latency &latency)
{
	json buckets = json::array();
	for (const auto &bucket : latency.filled())
		buckets.push_back({{"from_us", bucket.from_us},
				   {"to_us", bucket.to_us ? json(*bucket.to_us) : json(nullptr)},
				   {"count", bucket.count}});
	return {{"operation", latency.operation}, {"result", latency.result},
		{"count", latency.count},	  {"unmeasured", latency.unmeasured},
		{"sum_us", latency.sum_us},	  {"max_us", latency.max_us},
		{"buckets", std::move(buckets)}};
}

/// "offline: 12 attempts, 10 ok, 2 failed (1 at isolate, 1 at migrate)"
std::string outcomes(const std::vector<Latency> &list, std::string_view operation)
{
	uint64_t all = 0;
	uint64_t good = 0;
	std::string failed;
	for (const auto &one : list) {
		if (one.operation != operation)
			continue;
		all += one.count;
		if (one.result == "ok")
			good += one.count;
		else
			failed += fmt::format("{}{} at {}", failed.empty() ? "" : ", ", one.count,
					      one.result);
	}
	return fmt::format("{}: {} attempts, {} ok, {} failed{}\n", operation, all, good,
			   all - good, failed.empty() ? "" : " (" + failed + ")");
}

void print_histogram(const Latency &latency, const Terminal &terminal)
{
	const auto kind = latency.result == "ok" ? fmt::format("{} ok", latency.operation)
						 : fmt::format("{} failed at {}", latency.operation,
							       latency.result);
	if (latency.measured() == 0) {
		fmt::print("\n{}: {}, not measured\n", kind, latency.count);
		return;
	}
	print_folded(fmt::format(
		"\n{}: {}, mean {}, longest {}, half below {}, 95 % below {}\n", kind,
		latency.measured(), format_microseconds(latency.sum_us / latency.measured()),
		format_microseconds(latency.max_us), format_microseconds(*latency.below(0.5)),
		format_microseconds(*latency.below(0.95))));
	uint64_t most = 0;
	for (const auto &bucket : latency.filled())
		most = std::max(most, bucket.count);
	const auto digits = fmt::format("{}", most).size();
	constexpr size_t label = 10;
	const auto room = terminal.width - label - digits - 4;
	for (const auto &bucket : latency.filled()) {
		const auto line =
			fmt::format("{:>{}}  {:>{}}  {}", format_microseconds(bucket.from_us),
				    label, bucket.count, digits, bar(bucket.count, most, room));
		fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
	}
}

} // namespace

int verb_stats(const Globals &globals)
{
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	const auto latencies = read_latencies(kmod);
	if (!latencies)
		return complain(latencies.error());
	if (globals.json) {
		json list = json::array();
		for (const auto &one : *latencies)
			list.push_back(to_json(one));
		fmt::print("{}\n", json_text({{"latencies", std::move(list)}}));
		return exit_done;
	}
	for (const auto *operation : {"online", "offline"})
		print_folded(outcomes(*latencies, operation));
	const auto terminal = terminal_of(STDOUT_FILENO);
	for (const auto &one : *latencies)
		print_histogram(one, terminal);
	return exit_done;
}

} // namespace memhp
