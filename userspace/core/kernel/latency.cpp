// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/latency.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{

Result<Latency> parse_latency(const Record &record)
{
	constexpr std::string_view prefix = "from_";

	Latency latency;
	latency.operation = record.text("op").value_or("");
	latency.result = record.text("result").value_or("");
	for (const auto &[key, value] :
	     {std::pair{"count", &latency.count}, std::pair{"unmeasured", &latency.unmeasured},
	      std::pair{"sum_us", &latency.sum_us}, std::pair{"max_us", &latency.max_us}}) {
		const auto number = record.number(key);
		if (!number)
			return fail_input(fmt::format("latency: a line has no {}", key));
		*value = *number;
	}
	if (latency.operation.empty() || latency.result.empty() ||
	    latency.unmeasured > latency.count)
		return fail_input("latency: a line says nothing of an operation and its result");
	for (const auto &[key, value] : record.fields()) {
		Latency::Bucket bucket;
		if (key.compare(0, prefix.size(), prefix) != 0 ||
		    !parse_number(std::string_view(key).substr(prefix.size()), 10, bucket.from_us))
			continue;
		bucket.count = record.number(key).value_or(0);
		if (!latency.buckets.empty()) {
			auto &before = latency.buckets.back();
			if (before.from_us >= bucket.from_us)
				return fail_input(fmt::format(
					"latency: {} is not above the one before", key));
			before.to_us = bucket.from_us;
		}
		latency.buckets.push_back(bucket);
	}
	return latency;
}

std::vector<Latency::Bucket> Latency::filled() const
{
	const auto holds = [](const Bucket &bucket) { return bucket.count > 0; };
	const auto first = std::find_if(buckets.begin(), buckets.end(), holds);
	const auto last = std::find_if(buckets.rbegin(), buckets.rend(), holds).base();
	return first < last ? std::vector<Bucket>(first, last) : std::vector<Bucket>();
}

std::optional<uint64_t> Latency::below(double share) const
{
	const auto wanted = std::ceil(share * static_cast<double>(measured()));
	uint64_t sum = 0;
	for (const auto &bucket : buckets) {
		sum += bucket.count;
		if (sum == 0 || static_cast<double>(sum) < wanted)
			continue;
		// None took longer than the longest.
		return std::min(bucket.to_us.value_or(max_us + 1), max_us + 1);
	}
	return std::nullopt;
}

std::string bar(uint64_t count, uint64_t most, size_t width)
{
	if (count == 0 || most == 0)
		return "";
	const auto part = static_cast<double>(std::min(count, most)) / static_cast<double>(most);
	const auto length = std::lround(part * static_cast<double>(width));
	return std::string(static_cast<size_t>(std::max(length, 1L)), '#');
}

} // namespace memhp
