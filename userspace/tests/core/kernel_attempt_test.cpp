// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/kernel_attempt.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using namespace std::chrono_literals;

constexpr auto acpi = "acpi_hotplug_work_fn";

Record record(const std::string &event, uint64_t block, const std::string &work,
	      uint64_t seconds = 7)
{
	return Record::parse("seq=1 boot_ns=" + std::to_string(seconds * 1'000'000'000) +
			     " event=" + event + " block=" + std::to_string(block) +
			     " pid=57 comm=kworker/u4:0 work=" + work)
		.value();
}

TEST(KernelAttempts, KnowsTheOneThatRuns)
{
	KernelAttempts attempts;
	EXPECT_EQ(attempts.feed(record("going_offline", 33, acpi)), std::nullopt);
	ASSERT_TRUE(attempts.running());
	EXPECT_EQ(attempts.running()->block, 33u);
	EXPECT_EQ(attempts.running()->since, 7s);
	EXPECT_EQ(attempts.running()->pid, 57);
	EXPECT_TRUE(attempts.running()->firmware());
	for (const auto *end : {"offline", "cancel_offline", "offline_failed"}) {
		attempts.feed(record("going_offline", 33, acpi));
		attempts.feed(record(end, 33, acpi));
		EXPECT_FALSE(attempts.running()) << end;
	}
}

TEST(KernelAttempts, PassesOverWhatIsNoWorkersAndWhatIsNoBlocks)
{
	KernelAttempts attempts;
	attempts.feed(record("going_offline", 33, "-"));
	EXPECT_FALSE(attempts.running()) << "somebody writes into sysfs";
	attempts.feed(record("going_offline", 33, "virtio_mem_run_wq"));
	ASSERT_TRUE(attempts.running());
	EXPECT_FALSE(attempts.running()->firmware());
	attempts.feed(Record::parse("event=lost count=7").value());
	EXPECT_TRUE(attempts.running());
	attempts.feed(record("going_offline", 34, "-"));
	EXPECT_FALSE(attempts.running()) << "its end was lost";
}

TEST(KernelAttempts, TellsWhatTheFirmwareDidNotGet)
{
	KernelAttempts attempts;
	const struct {
		const char *event;
		const char *work;
		std::optional<uint64_t> block;
	} cases[] = {
		{"offline_failed", acpi, 33},
		{"cancel_offline", acpi, 33},
		{"offline_failed", "-", std::nullopt},
		{"offline_failed", "virtio_mem_run_wq", std::nullopt},
		{"offline", acpi, std::nullopt},
		{"online_failed", acpi, std::nullopt},
		{"going_online", acpi, std::nullopt},
	};
	for (const auto &[event, work, block] : cases)
		EXPECT_EQ(attempts.feed(record(event, 33, work)), block) << event << " " << work;
}

KernelAttempt attempt(uint64_t block, Time since, const std::string &work = acpi)
{
	return {block, since, 57, "kworker/u4:0", work};
}

TEST(StuckWatch, ReportsAndSignalsOnceAnAttempt)
{
	StuckWatch watch;
	const auto look = [&](const std::optional<KernelAttempt> &running, Time now,
			      bool abortable = true) {
		const auto step = watch.look(running, now, 2s, abortable);
		return std::string(step.over ? "over " : "") + (step.report ? "report " : "") +
		       (step.signal ? "signal" : "");
	};
	EXPECT_EQ(look(std::nullopt, 10s), "");
	EXPECT_EQ(look(attempt(33, 10s), 11s), "");
	EXPECT_EQ(look(attempt(33, 10s), 12s), "report signal");
	EXPECT_EQ(watch.stuck()->block, 33u);
	EXPECT_EQ(look(attempt(33, 10s), 90s), "");
	EXPECT_EQ(look(attempt(33, 100s), 100s), "over ") << "the kernel's second try";
	EXPECT_FALSE(watch.stuck());
	EXPECT_EQ(look(attempt(33, 100s), 102s), "report signal");
	EXPECT_EQ(look(attempt(34, 90s), 102s), "over report signal");
	EXPECT_EQ(look(std::nullopt, 103s), "over ");
	EXPECT_EQ(look(std::nullopt, 104s), "");
}

TEST(StuckWatch, SignalsOnlyWhatMayBeSignalled)
{
	for (const auto &[running, abortable] :
	     {std::pair(attempt(33, 1s), false),
	      std::pair(attempt(33, 1s, "virtio_mem_run_wq"), true),
	      std::pair(attempt(33, 1s, "hot_add_req"), true)}) {
		const auto step = StuckWatch().look(running, 9s, 2s, abortable);
		EXPECT_TRUE(step.report);
		EXPECT_FALSE(step.signal) << running.work;
	}
	auto nobody = attempt(33, 1s);
	nobody.pid = 0;
	EXPECT_FALSE(StuckWatch().look(nobody, 9s, 2s, true).signal);
}

TEST(OfflineMarks, AnyAttemptToTakeABlockOfflineChangesThem)
{
	const auto marks = [](const char *counts) {
		return offline_marks(
			Record::parse(std::string("events_going_online=9 events_online=9 ") +
				      counts)
				.value());
	};
	const std::string usual = "loaded_ns=5 events_going_offline=1 events_cancel_offline=2 "
				  "events_offline_failed=3";
	ASSERT_TRUE(marks(usual.c_str()));
	EXPECT_EQ(marks(usual.c_str()), marks((usual + " seq=700 events_offline=8").c_str()))
		<< "how it ended is no news, nor is an online";
	for (const auto &[before, after] : std::vector<std::pair<std::string, std::string>>{
		     {"loaded_ns=5", "loaded_ns=6"},
		     {"going_offline=1", "going_offline=2"},
		     {"cancel_offline=2", "cancel_offline=3"},
		     {"offline_failed=3", "offline_failed=4"}}) {
		auto other = usual;
		other.replace(other.find(before), before.size(), after);
		EXPECT_NE(marks(usual.c_str()), marks(other.c_str())) << after;
	}
	EXPECT_FALSE(marks("loaded_ns=5 events_going_offline=1"));
}

} // namespace
} // namespace memhp
