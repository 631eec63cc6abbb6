// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/metrics.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

namespace memhp
{
namespace
{

using Labels = std::vector<std::string>;

std::string word(std::string_view text) { return std::string(text); }

std::string errno_name(int error)
{
	const auto *name = strerrorname_np(error);
	return name ? name : fmt::format("{}", error);
}

/// Builds the list, one metric after another.
class Builder
{
public:
	void gauge(std::string name, std::string help, Labels labels = {})
	{
		begin(std::move(name), "gauge", std::move(help), std::move(labels));
	}
	void counter(std::string name, std::string help, Labels labels = {})
	{
		begin(std::move(name), "counter", std::move(help), std::move(labels));
	}
	/// A sample of the metric begun last; as many values as that has labels.
	void add(uint64_t value, const std::vector<std::string> &values = {})
	{
		auto &metric = metrics_.back();
		Sample sample;
		for (size_t i = 0; i < metric.labels.size(); ++i)
			sample.labels.emplace_back(metric.labels[i], values.at(i));
		sample.value = value;
		metric.samples.push_back(std::move(sample));
	}
	std::vector<Metric> take() { return std::move(metrics_); }

private:
	void begin(std::string name, std::string type, std::string help, Labels labels)
	{
		metrics_.push_back({"memhp_" + std::move(name),
				    std::move(type),
				    std::move(help),
				    std::move(labels),
				    {}});
	}

	std::vector<Metric> metrics_;
};

void add_memory(Builder &builder, const Measures &measures)
{
	std::map<std::tuple<int, Zone, BlockState>, uint64_t> bytes;
	std::map<std::pair<Source, BlockState>, uint64_t> blocks;
	for (const auto &[kind, count] : measures.tally.kinds) {
		bytes[{kind.node.value_or(-1), kind.zone, kind.state}] +=
			count * measures.block_size;
		blocks[{kind.source, kind.state}] += count;
	}

	builder.gauge("block_size_bytes", "Size of a memory block.");
	builder.add(measures.block_size);
	builder.gauge("memory_bytes",
		      "Memory in memory blocks, by NUMA node, zone (none: offline, or in several "
		      "zones) and state.",
		      {"node", "zone", "state"});
	for (const auto &[key, value] : bytes) {
		const auto &[node, zone, state] = key;
		builder.add(value, {node < 0 ? "unknown" : fmt::format("{}", node),
				    word(to_string(zone)), word(to_string(state))});
	}
	builder.gauge("ratio_kernel_bytes",
		      "Kernel memory that counts for the ratio: of the boot, without CMA; by NUMA "
		      "node.",
		      {"node"});
	const auto each_node = [&](auto member) {
		for (const auto &[node, pages] : measures.count.nodes)
			builder.add(pages.*member * measures.count.page_size,
				    {node < 0 ? "unknown" : fmt::format("{}", node)});
	};
	each_node(&MemoryCount::Pages::early);
	builder.gauge("ratio_movable_bytes",
		      "Movable memory that counts for the ratio, with CMA; by NUMA node.",
		      {"node"});
	each_node(&MemoryCount::Pages::movable);
	builder.gauge("kernel_available_bytes",
		      "Memory that the kernel could about get for itself, for the memmap of a new "
		      "device too.");
	if (measures.count.available)
		builder.add(*measures.count.available * measures.count.page_size);
	builder.gauge("blocks", "Memory blocks, by what brought their memory and by state.",
		      {"source", "state"});
	for (const auto &[key, value] : blocks)
		builder.add(value, {word(to_string(key.first)), word(to_string(key.second))});
}

void add_attempts(Builder &builder, const AttemptCounts *attempts)
{
	const auto each = [&](const std::map<Change, uint64_t> &counts) {
		for (const auto change : {Change::online, Change::offline}) {
			const auto count = counts.find(change);
			builder.add(count == counts.end() ? 0 : count->second,
				    {word(to_string(change))});
		}
	};
	builder.counter("changed_blocks_total",
			"Memory blocks that memhpd brought online or offline.", {"operation"});
	if (attempts)
		each(attempts->reached);
	builder.counter("failed_attempts_total",
			"Attempts of memhpd to change a memory block that failed, by the kernel's "
			"errno.",
			{"operation", "errno"});
	if (attempts)
		for (const auto &[key, count] : attempts->failed)
			builder.add(count, {word(to_string(key.first)), errno_name(key.second)});
	builder.counter("killed_attempts_total",
			"Those failed attempts that memhpd ended at their deadline.",
			{"operation"});
	if (attempts)
		each(attempts->killed);
}

void add_daemon(Builder &builder, const Measures &measures)
{
	const auto *daemon = measures.daemon ? &*measures.daemon : nullptr;
	const auto add = [&](auto member) {
		if (daemon)
			builder.add(daemon->*member);
	};
	using D = DaemonMeasures;

	builder.gauge("up", "1 while memhpd runs.");
	builder.add(daemon ? 1 : 0);
	builder.gauge("build_info", "1; the version is in the label.", {"version"});
	builder.add(1, {measures.version});
	builder.gauge("start_time_seconds", "When memhpd was started, since 1970.");
	add(&D::start_time);
	builder.gauge("config_good",
		      "0 while the configuration file has mistakes and is not in force.");
	add(&D::config_good);

	add_attempts(builder, daemon ? &daemon->attempts : nullptr);

	builder.gauge("requests_pending",
		      "Requests that memhpd is working on, those of its policy among them.",
		      {"operation"});
	if (daemon)
		for (const auto change : {Change::online, Change::offline}) {
			const auto count = daemon->requests.find(change);
			builder.add(count == daemon->requests.end() ? 0 : count->second,
				    {word(to_string(change))});
		}
	builder.gauge("pending_blocks", "Memory blocks that policy is about to online.");
	add(&D::pending);
	builder.gauge("deliberately_offline_blocks",
		      "Memory blocks that stay offline because somebody took them offline.");
	add(&D::deliberate);
	builder.counter("gave_up_blocks_total", "Memory blocks that could not be onlined.");
	add(&D::gave_up);
	builder.counter("wrong_zone_blocks_total",
			"Memory blocks that came online in another zone than policy wanted.");
	add(&D::wrong_zone);
	builder.gauge("wrong_zone_blocks",
		      "Hot-added memory blocks that are online in another zone than policy wants.");
	add(&D::misplaced);
	builder.counter("moved_blocks_total",
			"Memory blocks that online.rezone moved into the movable zone.");
	add(&D::moved);
	builder.counter("beyond_ratio_blocks_total",
			"Memory blocks that a bound of the ratio kept out of the movable zone.");
	add(&D::beyond_ratio);
	builder.gauge("beyond_ratio",
		      "1 while movable : kernel memory is beyond online.max_movable_ratio.");
	add(&D::beyond);
	builder.counter("lost_uevents_total",
			"Times that the kernel dropped uevents in a storm of them.");
	add(&D::lost_uevents);
	builder.counter("scans_total", "Looks at all memory blocks.");
	add(&D::scans);
	builder.gauge("worker_hung",
		      "1 while the process that writes to sysfs hangs in the kernel: nothing is "
		      "onlined or offlined.");
	add(&D::worker_hung);
	builder.counter("unplugs_total",
			"Unplugs of the host that the kernel gave up: how many (asked), and what "
			"memhpd made of them.",
			{"result"});
	if (daemon)
		for (const auto &[result, count] : daemon->unplugs)
			builder.add(count, {result});
	builder.gauge("unplugs_pending", "Those that memhpd is working on.");
	add(&D::unplugs_pending);
	builder.gauge("kernel_worker_stuck",
		      "1 while a kernel worker tries to take memory offline and does not get on.");
	add(&D::stuck);
	builder.counter("settled_total",
			"Bursts of hotplug after which the programs of settled.d were to run.");
	add(&D::settled);
}

/// Counters of the module's "status" whose keys have a common beginning.
constexpr std::string_view event_keys = "events_";

void add_module(Builder &builder, const std::optional<Record> &module)
{
	const auto add = [&](std::string_view key) {
		if (const auto value = module ? module->number(key) : std::nullopt)
			builder.add(*value);
	};
	builder.gauge("module_loaded",
		      "1 while the kernel module memhp is loaded and can be read.");
	builder.add(module ? 1 : 0);
	builder.counter("module_events_total",
			"Events that the module recorded, whoever asked for the change.",
			{"event"});
	if (module)
		for (const auto &[key, text] : module->fields())
			if (key.rfind(event_keys, 0) == 0)
				if (const auto value = module->number(key))
					builder.add(*value, {key.substr(event_keys.size())});
	builder.counter("module_overwritten_records_total",
			"Records that the module's history has no room for any more.");
	if (const auto oldest = module ? module->number("oldest_seq") : std::nullopt)
		builder.add(*oldest > 0 ? *oldest - 1 : 0);
	builder.counter("module_untracked_total",
			"Events whose memory block the module had no memory to remember.");
	add("untracked");
	builder.counter("module_missed_attempts_total",
			"Attempts that the kernel had no room to let the module's probes see.");
	add("probes_missed");
}

std::string escaped(std::string_view text, bool quotes)
{
	std::string result;
	for (const char c : text) {
		if (c == '\n')
			result += "\\n";
		else if (c == '\\' || (quotes && c == '"'))
			result += std::string("\\") + c;
		else
			result += c;
	}
	return result;
}

} // namespace

void AttemptCounts::count(Change change, const Outcome &outcome)
{
	if (outcome.reached) {
		++reached[change];
	} else if (!outcome.preempted) {
		++failed[{change, outcome.error}];
		killed[change] += outcome.killed;
	}
}

std::vector<Metric> metrics_of(const Measures &measures)
{
	Builder builder;
	add_memory(builder, measures);
	add_daemon(builder, measures);
	builder.gauge("settled_failed_programs",
		      "Programs of settled.d that failed or hung when they were run last.");
	if (measures.hooks_failed)
		builder.add(*measures.hooks_failed);
	add_module(builder, measures.module);
	return builder.take();
}

std::string to_text(const std::vector<Metric> &metrics)
{
	std::string text;
	for (const auto &metric : metrics) {
		if (metric.samples.empty())
			continue;
		text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name,
				    escaped(metric.help, false), metric.name, metric.type);
		for (const auto &sample : metric.samples) {
			std::string labels;
			for (const auto &[name, value] : sample.labels)
				labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",",
						      name, escaped(value, true));
			text += labels.empty() ? fmt::format("{} {}\n", metric.name, sample.value)
					       : fmt::format("{}{{{}}} {}\n", metric.name, labels,
							     sample.value);
		}
	}
	return text;
}

void Refresh::changed(Time now)
{
	if (!changed_)
		changed_ = now;
}

void Refresh::written(Time now)
{
	changed_.reset();
	written_ = now;
}

Time Refresh::due() const
{
	if (!written_)
		return Time{};
	if (!changed_)
		return *written_ + oldest;
	return std::max(*changed_ + delay, *written_ + interval);
}

} // namespace memhp
