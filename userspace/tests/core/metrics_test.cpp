// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/metrics.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

Outcome outcome(int error, bool reached = false)
{
	Outcome result;
	result.error = error;
	result.reached = reached;
	return result;
}

/// A machine with memhpd and the module.
Measures example()
{
	Measures measures;
	measures.version = "1.2";
	measures.block_size = 1 << 27;
	std::vector<Block> blocks = {online_block(0, Zone::none), online_block(1, Zone::normal),
				     online_block(2, Zone::normal),
				     online_block(32, Zone::movable, 1), offline_block(33, 1)};
	for (auto &block : blocks)
		block.source = block.number < 32 ? Source::boot : Source::acpi_dimm;
	blocks[0].node.reset();
	measures.tally = tally_of(blocks);
	measures.count.page_size = 4096;
	measures.count.nodes = {{-1, {1, 0, 0}}, {0, {2, 9, 3}}, {1, {0, 0, 4}}};
	measures.count.available = 5;
	measures.daemon.emplace();
	measures.daemon->start_time = 1'700'000'000;
	measures.daemon->attempts.count(Change::offline, outcome(EBUSY));
	measures.daemon->pending = 1;
	measures.daemon->deliberate = 2;
	measures.daemon->gave_up = 3;
	measures.daemon->wrong_zone = 4;
	measures.daemon->lost_uevents = 5;
	measures.daemon->scans = 6;
	measures.daemon->settled = 7;
	measures.daemon->unplugs = {{"asked", 3}, {"done", 2}};
	measures.daemon->stuck = true;
	measures.daemon->requests[Change::offline] = 8;
	measures.module = Record::parse("abi=1 events_online=9 events_offline_failed=2 ring=8192 "
					"oldest_seq=11 untracked=12 probes_missed=13")
				  .value();
	measures.hooks_failed = 14;
	return measures;
}

/// The lines of one metric, without HELP and TYPE.
Lines samples(const Measures &measures, const std::string &name)
{
	Lines lines;
	std::istringstream text(to_text(metrics_of(measures)));
	for (std::string line; std::getline(text, line);)
		if (line.rfind(name + "{", 0) == 0 || line.rfind(name + " ", 0) == 0)
			lines.push_back(line.substr(name.size()));
	return lines;
}

TEST(Metrics, MemoryByNodeZoneAndStateBlocksBySourceAndState)
{
	EXPECT_EQ(samples(example(), "memhp_memory_bytes"),
		  (Lines{R"({node="unknown",zone="none",state="online"} 134217728)",
			 R"({node="0",zone="Normal",state="online"} 268435456)",
			 R"({node="1",zone="none",state="offline"} 134217728)",
			 R"({node="1",zone="Movable",state="online"} 134217728)"}));
	EXPECT_EQ(samples(example(), "memhp_blocks"),
		  (Lines{R"({source="boot",state="online"} 3)",
			 R"({source="acpi-dimm",state="offline"} 1)",
			 R"({source="acpi-dimm",state="online"} 1)"}));
	EXPECT_EQ(samples(example(), "memhp_block_size_bytes"), Lines{" 134217728"});
}

TEST(Metrics, EachNumberOfTheDaemonHasItsName)
{
	const auto measures = example();
	const struct {
		const char *name;
		Lines lines;
	} cases[] = {
		{"memhp_up", {" 1"}},
		{"memhp_build_info", {R"({version="1.2"} 1)"}},
		{"memhp_start_time_seconds", {" 1700000000"}},
		{"memhp_config_good", {" 1"}},
		{"memhp_requests_pending",
		 {R"({operation="online"} 0)", R"({operation="offline"} 8)"}},
		{"memhp_pending_blocks", {" 1"}},
		{"memhp_deliberately_offline_blocks", {" 2"}},
		{"memhp_gave_up_blocks_total", {" 3"}},
		{"memhp_wrong_zone_blocks_total", {" 4"}},
		{"memhp_lost_uevents_total", {" 5"}},
		{"memhp_scans_total", {" 6"}},
		{"memhp_worker_hung", {" 0"}},
		{"memhp_settled_total", {" 7"}},
		{"memhp_unplugs_total", {R"({result="asked"} 3)", R"({result="done"} 2)"}},
		{"memhp_kernel_worker_stuck", {" 1"}},
		{"memhp_settled_failed_programs", {" 14"}},
		{"memhp_module_loaded", {" 1"}},
		{"memhp_module_events_total",
		 {R"({event="online"} 9)", R"({event="offline_failed"} 2)"}},
		{"memhp_module_overwritten_records_total", {" 10"}},
		{"memhp_module_untracked_total", {" 12"}},
		{"memhp_module_missed_attempts_total", {" 13"}},
	};
	for (const auto &[name, lines] : cases)
		EXPECT_EQ(samples(measures, name), lines) << name;
}

TEST(Metrics, AttemptsAreCountedByWhatBecameOfThem)
{
	auto killed = outcome(EINTR);
	killed.killed = true;
	auto preempted = outcome(EINTR);
	preempted.preempted = true;

	Measures measures;
	measures.daemon.emplace();
	auto &attempts = measures.daemon->attempts;
	for (const auto &[change, one] : std::initializer_list<std::pair<Change, Outcome>>{
		     {Change::online, outcome(0, true)},
		     {Change::online, outcome(EINVAL, true)}, // somebody else was faster
		     {Change::online, outcome(ENOMEM)},
		     {Change::offline, outcome(EBUSY)},
		     {Change::offline, outcome(EBUSY)},
		     {Change::offline, outcome(9999)},
		     {Change::offline, killed},
		     {Change::offline, preempted},
	     })
		attempts.count(change, one);
	EXPECT_EQ(samples(measures, "memhp_changed_blocks_total"),
		  (Lines{R"({operation="online"} 2)", R"({operation="offline"} 0)"}));
	EXPECT_EQ(samples(measures, "memhp_failed_attempts_total"),
		  (Lines{R"({operation="online",errno="ENOMEM"} 1)",
			 R"({operation="offline",errno="EINTR"} 1)",
			 R"({operation="offline",errno="EBUSY"} 2)",
			 R"({operation="offline",errno="9999"} 1)"}));
	EXPECT_EQ(samples(measures, "memhp_killed_attempts_total"),
		  (Lines{R"({operation="online"} 0)", R"({operation="offline"} 1)"}));
}

TEST(Metrics, TheRatioCountsByNode)
{
	auto measures = example();
	EXPECT_EQ(samples(measures, "memhp_ratio_kernel_bytes"),
		  (Lines{R"({node="unknown"} 4096)", R"({node="0"} 8192)", R"({node="1"} 0)"}));
	EXPECT_EQ(samples(measures, "memhp_ratio_movable_bytes"),
		  (Lines{R"({node="unknown"} 0)", R"({node="0"} 12288)", R"({node="1"} 16384)"}));
	EXPECT_EQ(samples(measures, "memhp_kernel_available_bytes"), Lines{" 20480"});
	EXPECT_EQ(samples(measures, "memhp_beyond_ratio"), Lines{" 0"});
	measures.daemon->beyond = true;
	measures.daemon->misplaced = 3;
	EXPECT_EQ(samples(measures, "memhp_beyond_ratio"), Lines{" 1"});
	EXPECT_EQ(samples(measures, "memhp_wrong_zone_blocks"), Lines{" 3"});
	measures.count.available.reset();
	EXPECT_TRUE(samples(measures, "memhp_kernel_available_bytes").empty());
}

TEST(Metrics, WithoutDaemonAndModuleThereIsWhatTheKernelShows)
{
	Measures measures;
	measures.block_size = 1;
	measures.tally = tally_of({online_block(1)});
	const auto text = to_text(metrics_of(measures));
	EXPECT_EQ(samples(measures, "memhp_up"), Lines{" 0"});
	EXPECT_EQ(samples(measures, "memhp_module_loaded"), Lines{" 0"});
	EXPECT_EQ(samples(measures, "memhp_memory_bytes").size(), 1u);
	for (const auto *name :
	     {"memhp_changed_blocks_total", "memhp_requests_pending", "memhp_config_good",
	      "memhp_module_events_total", "memhp_settled_failed_programs"})
		EXPECT_EQ(text.find(name), std::string::npos) << name;
}

TEST(MetricsText, IsThePrometheusFormat)
{
	const std::vector<Metric> metrics = {
		{"memhp_a", "gauge", "Back\\slash and\nline.", {"x"}, {{{{"x", "a\"b\\c\nd"}}, 1}}},
		{"memhp_none", "counter", "Left out.", {}, {}},
		{"memhp_b_total", "counter", "Says \"b\".", {}, {{{}, UINT64_MAX}}},
	};
	EXPECT_EQ(to_text(metrics), "# HELP memhp_a Back\\\\slash and\\nline.\n"
				    "# TYPE memhp_a gauge\n"
				    "memhp_a{x=\"a\\\"b\\\\c\\nd\"} 1\n"
				    "# HELP memhp_b_total Says \"b\".\n"
				    "# TYPE memhp_b_total counter\n"
				    "memhp_b_total 18446744073709551615\n");
}

TEST(Metrics, FollowTheConventions)
{
	std::set<std::string> names;
	for (const auto &metric : metrics_of(example())) {
		const auto &name = metric.name;
		EXPECT_TRUE(names.insert(name).second) << name << " twice";
		EXPECT_EQ(name.rfind("memhp_", 0), 0u) << name;
		EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos)
			<< name;
		const bool total = name.size() > 6 && name.substr(name.size() - 6) == "_total";
		EXPECT_EQ(total, metric.type == "counter") << name;
		EXPECT_TRUE(total || metric.type == "gauge") << name;
		EXPECT_EQ(metric.help.back(), '.') << name;
		EXPECT_FALSE(metric.samples.empty()) << name << ": the example lacks it";
	}
}

/// Cells of a table's line: "| a | b |".
Lines cells(const std::string &line)
{
	Lines result;
	std::istringstream stream(line.substr(1));
	for (std::string cell; std::getline(stream, cell, '|');) {
		cell.erase(std::remove_if(cell.begin(), cell.end(),
					  [](char c) { return c == ' ' || c == '`'; }),
			   cell.end());
		result.push_back(cell);
	}
	return result;
}

TEST(Metrics, AreWhatTheDocumentationLists)
{
	std::set<std::string> documented;
	std::ifstream page(MEMHP_DOCUMENTATION "/metrics.md");
	for (std::string line; std::getline(page, line);)
		if (line.rfind("| `memhp_", 0) == 0) {
			const auto cell = cells(line);
			ASSERT_EQ(cell.size(), 5u) << line;
			documented.insert(cell[0] + " " + cell[1] + " " + cell[2]);
		}
	std::set<std::string> real;
	for (const auto &metric : metrics_of({})) {
		auto line = metric.name + " " + metric.type + " ";
		for (const auto &label : metric.labels)
			line += label;
		real.insert(line);
	}
	EXPECT_EQ(documented, real);
}

TEST(Refresh, AfterChangesAtMostEvery15SecondsAndAtLeastEveryMinute)
{
	Refresh refresh;
	EXPECT_EQ(refresh.due(), Time{}) << "at once";
	refresh.written(100s);
	EXPECT_EQ(refresh.due(), Time(160s));
	refresh.changed(102s);
	EXPECT_EQ(refresh.due(), Time(115s));
	refresh.changed(110s);
	EXPECT_EQ(refresh.due(), Time(115s)) << "the first change counts";
	refresh.written(115s);
	refresh.changed(140s);
	EXPECT_EQ(refresh.due(), Time(141s));
	refresh.written(141s);
	EXPECT_EQ(refresh.due(), Time(201s));
}

} // namespace
} // namespace memhp
