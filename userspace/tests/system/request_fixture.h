// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "play.h"
#include "system/offline/request.h"
#include "tree.h"

namespace memhp
{

/// Node 0: 0 Normal, 32 to 35 Movable, 40 to 43 offline.
class RequestOfTree : public testing::Test
{
protected:
	RequestOfTree() : sysfs(build())
	{
		writer.emplace(loop, sysfs.root_fd());
		engine.emplace(loop, sysfs, *writer);
		config.backoff.initial = Time(1);
	}

	Sysfs build()
	{
		tree.add_policy_settings();
		tree.write("sys/devices/system/node/node0/meminfo",
			   "Node 0 MemTotal: 8388608 kB\n");
		tree.add(0, "online", "Normal");
		for (uint64_t block = 32; block < 36; ++block)
			tree.add(block, "online", "Movable");
		for (uint64_t block = 40; block < 44; ++block)
			tree.add(block, "offline", "Movable Normal");
		return std::move(Sysfs::open(tree.root()).value());
	}

	/// Carries the request out; its report.
	Report report(Change change, std::vector<std::string> target)
	{
		request.change = change;
		request.target = std::move(target);
		RequestCallbacks callbacks;
		callbacks.attempted = [&](Change, const Attempted &) { attempted(); };
		callbacks.progress = [&](const Progress &one) { progress.push_back(one); };
		callbacks.suspended = [&] { return suspended; };
		callbacks.lowered = [&](const Lowered &one) { lowered.push_back(one); };
		const auto plan = make_plan(sysfs, request, terms_of(request, config));
		EXPECT_TRUE(plan) << plan.error().message;
		return carry_out(*plan, std::move(callbacks));
	}

	Report carry_out(const Plan &plan, RequestCallbacks callbacks = {})
	{
		std::optional<Report> report;
		callbacks.finished = [&](const Report &one) { report = one; };
		job = start(*engine, sysfs, plan, std::move(callbacks));
		EXPECT_FALSE(report) << "it comes from the loop";
		EXPECT_TRUE(play(loop, {{[&] { return report.has_value(); }}}));
		return report.value_or(Report());
	}

	MachineTree tree;
	FakeKernel kernel{tree};
	Sysfs sysfs;
	Loop loop;
	std::optional<Writer> writer;
	std::optional<Engine> engine;
	ChangeRequest request;
	Config::Offline config;
	std::function<void()> attempted = [] {}; ///< after each attempt
	std::vector<Progress> progress;
	Engine::JobId job = 0;
	bool suspended = false;
	std::vector<Lowered> lowered;
};

} // namespace memhp
