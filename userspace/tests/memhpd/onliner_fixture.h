// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "memhpd/onliner.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{

/// Block 0 Normal, 8 and 9 Movable; a DIMM of blocks 32 to 35 is offline.
class OnlinerOfTree : public testing::Test
{
public:
	using Lines = std::vector<std::string>;
	using Standing = Ledger::Standing;

protected:
	OnlinerOfTree() : sysfs(build())
	{
		writer.emplace(loop, sysfs.root_fd());
		engine.emplace(loop, sysfs, *writer);
	}

	Sysfs build()
	{
		tree.add(0, "online", "Normal");
		tree.add(8, "online", "Movable");
		tree.add(9, "online", "Movable");
		for (uint64_t block = 32; block < 36; ++block)
			plug(block);
		return std::move(Sysfs::open(tree.root()).value());
	}

	void plug(uint64_t block, std::string_view device = "PNP0C80:01")
	{
		tree.add(block, "offline", "Movable Normal");
		tree.own(block, device);
	}

	/// Another hand onlines a block.
	void become(uint64_t block, std::string_view zone) const
	{
		tree.write(MachineTree::dir(block) + "/state", "online\n");
		tree.write(MachineTree::dir(block) + "/valid_zones", zone);
	}

	void start(const OnlinePolicy &policy = {},
		   std::optional<std::map<uint64_t, Ledger::Entry>> saved = {},
		   std::optional<OnlineType> kernel_default = {})
	{
		onliner.emplace(loop, sysfs, *engine, policy,
				Onliner::Hooks{[] {}, [this] { ++changes; }, [this] { ++saves; },
					       [this] { ++looks; },
					       [this](bool begin) {
						       lent += begin ? 1 : -1;
						       lendings += begin;
					       }});
		onliner->set_mode(mode);
		onliner->set_turn(Time{}); // looks are made in as many parts as there can be
		Rezone::Limits limits;
		limits.backoff.initial = Time(1);
		onliner->set_limits(limits, keep_type);
		onliner->start(std::move(saved), {}, kernel_default, moving);
	}

	/// Writes that change something: all but those of the barrier.
	Lines writes() const
	{
		auto lines = kernel.writes();
		lines.erase(std::remove(lines.begin(), lines.end(), "0 online"), lines.end());
		return lines;
	}
	Scene when_idle(std::function<void()> then = [] {})
	{
		return {[this] {
				return engine->idle() && onliner->pending() == 0 &&
				       !onliner->busy();
			},
			std::move(then)};
	}
	Scene onlined(
		uint64_t blocks, std::function<void()> then = [] {})
	{
		return {[this, blocks] { return onliner->counters().onlined >= blocks; },
			std::move(then)};
	}
	Standing standing(uint64_t block) const { return onliner->ledger().standing(block); }
	std::string why(uint64_t block) const { return onliner->ledger().entries().at(block).why; }
	void uevent(Uevent::Action action, uint64_t block) { onliner->on_uevent({action, block}); }

	MachineTree tree;
	FakeKernel kernel{tree};
	Sysfs sysfs;
	Loop loop;
	std::optional<Writer> writer;
	std::optional<Engine> engine;
	std::optional<Onliner> onliner;
	OnlineMode mode = OnlineMode::daemon;
	bool keep_type = false;
	std::map<uint64_t, uint64_t> moving;
	int changes = 0;
	int saves = 0;
	int looks = 0;
	int lent = 0;
	int lendings = 0;
};

} // namespace memhp
