// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/metrics.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "play.h"
#include "system/kernel/kmod.h"
#include "tree.h"

namespace memhp
{
namespace
{

class MetricsFile : public testing::Test
{
protected:
	MetricsFile()
		: sysfs(build()), dir(open(tree.root().c_str(), O_RDONLY | O_DIRECTORY)),
		  kmod(sysfs.root_fd())
	{
		configure("metrics/memhp.prom");
		writer.emplace(loop, sysfs.root_fd());
		engine.emplace(loop, sysfs, *writer);
		onliner.emplace(loop, sysfs, *engine, OnlinePolicy(),
				Onliner::Hooks{[] {}, [] {}, [] {}, [] {}, [](bool) {}});
		settled.emplace(loop, sysfs, *config, dir);
		requests.emplace(Requests::Parts{sysfs, *engine, *onliner, *config, dir});
		unplugger.emplace(Unplugger::Parts{loop, sysfs, *engine, *requests, *config, dir},
				  [] {});
		kernel_watch.emplace(loop, sysfs.root_fd(), kmod, *config, [](uint64_t) {});
		metrics.emplace(Metrics::Parts{loop, sysfs, kmod, *config, *writer, *engine,
					       *onliner, *settled, *unplugger, *kernel_watch, view,
					       [] {}});
	}

	Sysfs build()
	{
		tree.add(0, "online", "Normal");
		tree.make_directory("metrics");
		return std::move(Sysfs::open(tree.root()).value());
	}
	void configure(const std::string &file)
	{
		tree.write("memhpd.toml",
			   file.empty() ? ""
					: "[metrics]\ntextfile = \"" + tree.path(file) + "\"\n");
		if (config)
			config->load();
		else
			config.emplace(tree.path("memhpd.toml"), true);
		if (metrics)
			metrics->configure();
	}
	Scene when_written(const std::string &file = "metrics/memhp.prom")
	{
		return {[this, file] { return tree.exists(file); }};
	}

	MachineTree tree;
	Sysfs sysfs;
	Fd dir;
	Loop loop;
	Kmod kmod;
	std::optional<ConfigFile> config;
	std::optional<Writer> writer;
	std::optional<Engine> engine;
	std::optional<Onliner> onliner;
	std::optional<SettledHooks> settled;
	std::optional<Requests> requests;
	std::optional<Unplugger> unplugger;
	std::optional<KernelWatch> kernel_watch;
	LiveView view{sysfs};
	std::optional<Metrics> metrics;
};

TEST_F(MetricsFile, IsWrittenAtOnceAsAWholeForAllToRead)
{
	const auto old = umask(077);
	metrics->configure();
	const bool written = play(loop, {when_written()});
	umask(old);
	ASSERT_TRUE(written);
	EXPECT_EQ(tree.read("metrics/memhp.prom") + "\n", metrics->text().value_or(""));
	EXPECT_NE(tree.read("metrics/memhp.prom").find("memhp_up 1\n"), std::string::npos);
	struct stat status;
	ASSERT_EQ(stat(tree.path("metrics/memhp.prom").c_str(), &status), 0);
	EXPECT_EQ(status.st_mode & 07777, 0644u);
	EXPECT_FALSE(tree.exists("metrics/memhp.prom.new"));
	EXPECT_EQ(metrics->problem(), "");
}

TEST_F(MetricsFile, TellsWhatTheViewKnowsWithoutALook)
{
	const std::string online =
		R"(memhp_memory_bytes{node="0",zone="Normal",state="online"} 134217728)";
	const auto told = [&](const std::string &line) {
		return metrics->text().value().find(line) != std::string::npos;
	};
	EXPECT_TRUE(told(online)) << "no view yet: it looks";
	view.scanned(sysfs.scan().value(), Time(1000));
	tree.add(1, "online", "Normal"); // of which there is no event
	EXPECT_TRUE(told(online));
	view.on_uevent({Uevent::Action::add, 1});
	EXPECT_FALSE(told(online)) << "this it looks at";
	tree.add(2, "online", "Movable");
	view.on_lost();
	EXPECT_TRUE(told(R"(zone="Movable",state="online"} 134217728)"));
}

TEST_F(MetricsFile, FollowsAReloadAndGoesWithTheDaemon)
{
	metrics->configure();
	ASSERT_TRUE(play(loop, {when_written(),
				{[] { return true; }, [&] { configure("metrics/other.prom"); }},
				when_written("metrics/other.prom")}));
	EXPECT_FALSE(tree.exists("metrics/memhp.prom")) << "old numbers are no numbers";
	metrics->stop();
	EXPECT_FALSE(tree.exists("metrics/other.prom"));
}

TEST_F(MetricsFile, IsLeftAloneWhereItIsNotOurs)
{
	tree.write("metrics/memhp.prom", "somebody's");
	metrics->configure();
	metrics->stop();
	EXPECT_EQ(tree.read("metrics/memhp.prom"), "somebody's") << "it was never written";
	configure("");
	metrics->stop();
	EXPECT_TRUE(tree.exists("metrics/memhp.prom"));
}

TEST_F(MetricsFile, AMissingDirectoryIsSaidOnce)
{
	configure("nowhere/memhp.prom");
	metrics->configure();
	testing::internal::CaptureStderr();
	for (int time = 0; time < 3; ++time)
		metrics->write();
	const auto problem = metrics->problem();
	tree.make_directory("nowhere");
	metrics->write();
	metrics->write();
	const auto said = testing::internal::GetCapturedStderr();
	EXPECT_EQ(problem, tree.path("nowhere/memhp.prom") + ": there is no directory " +
				   tree.path("nowhere"));
	EXPECT_EQ(said, "metrics are not written: " + problem + "\nmetrics are written to " +
				tree.path("nowhere/memhp.prom") + " again\n");
	EXPECT_EQ(metrics->problem(), "");
}

TEST_F(MetricsFile, AMissingDirectoryIsNotMade)
{
	configure("nowhere/memhp.prom");
	metrics->write();
	EXPECT_FALSE(tree.exists("nowhere"));
}

TEST_F(MetricsFile, CountsWhatTheEngineReports)
{
	Attempted attempted;
	attempted.outcome.error = EBUSY;
	metrics->count(Change::offline, attempted);
	metrics->count(Change::offline, attempted);
	const auto text = metrics->text().value_or("");
	EXPECT_NE(
		text.find("memhp_failed_attempts_total{operation=\"offline\",errno=\"EBUSY\"} 2\n"),
		std::string::npos)
		<< text;
}

TEST_F(MetricsFile, WithoutBlocksToReadThereIsAReason)
{
	tree.remove("sys/devices/system/memory");
	const auto text = metrics->text();
	ASSERT_FALSE(text);
	EXPECT_NE(text.error().message.find("sys/devices/system/memory"), std::string::npos);
}

} // namespace
} // namespace memhp
