// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "play.h"
#include "system/offline/engine.h"
#include "tree.h"

namespace memhp
{

/// An engine on a fake tree under a fake kernel: block 0 Normal, 32 to 35 Movable, 40 to 43
/// offline.
class EngineOfTree : public testing::Test
{
protected:
	EngineOfTree() : sysfs(build())
	{
		writer.emplace(loop, sysfs.root_fd());
		engine.emplace(loop, sysfs, *writer);
	}

	Sysfs build()
	{
		tree.add(0, "online", "Normal");
		for (uint64_t block = 32; block < 36; ++block)
			tree.add(block, "online", "Movable");
		for (uint64_t block = 40; block < 44; ++block)
			tree.add(block, "offline", "Movable Normal");
		return std::move(Sysfs::open(tree.root()).value());
	}

	static JobSpec spec(Change change, std::vector<uint64_t> blocks)
	{
		JobSpec spec;
		spec.change = change;
		spec.goal = blocks.size();
		spec.blocks = std::move(blocks);
		spec.backoff.initial = Time(1);
		spec.attempt_deadline = std::chrono::hours(1);
		spec.attempt_deadline_max = std::chrono::hours(1);
		return spec;
	}

	Engine::JobId submit(const JobSpec &job_spec)
	{
		Engine::Callbacks callbacks;
		callbacks.attempted = [this](const Job &, const Attempted &one) {
			attempts.push_back(one);
		};
		callbacks.finished = [this](const Job &job) { finished.push_back(job); };
		callbacks.held = [this](const Job &job) {
			holds.push_back(job.held() ? job.held()->text : "goes on");
		};
		return engine->submit(job_spec, std::move(callbacks));
	}

	Scene after(
		size_t jobs, std::function<void()> then = [] {})
	{
		return {[this, jobs] { return finished.size() >= jobs; }, std::move(then)};
	}
	Scene when_written(size_t writes, std::function<void()> then)
	{
		return {[this, writes] { return kernel.writes().size() >= writes; },
			std::move(then)};
	}
	Scene idle()
	{
		return {[this] { return engine->idle(); }};
	}

	MachineTree tree;
	FakeKernel kernel{tree};
	Sysfs sysfs;
	Loop loop;
	std::optional<Writer> writer;
	std::optional<Engine> engine;
	std::vector<Attempted> attempts;
	std::vector<Job> finished;
	std::vector<std::string> holds;
};

} // namespace memhp
