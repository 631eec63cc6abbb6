// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include <fcntl.h>

#include "memhpd/unplugger.h"
#include "onliner_fixture.h"

namespace memhp
{

/// The DIMM of blocks 32 to 35 is online as movable, but for 35, which is in a kernel zone.
class UnpluggerOfTree : public OnlinerOfTree
{
protected:
	static constexpr auto file = "unplugs.json";

	UnpluggerOfTree()
	{
		for (const auto *zone : {"Movable", "Movable", "Movable", "Normal"})
			become(next_block++, zone);
		tree.add_eject("PNP0C80:01");
	}

	void begin(const std::string &text = "", const SavedUnplugs &saved = {})
	{
		tree.write("memhpd.toml", text);
		config.emplace(tree.path("memhpd.toml"), true);
		ASSERT_TRUE(config->mistakes().empty()) << config->mistakes()[0];
		start(config->config().online);
		requests.emplace(Requests::Parts{
			sysfs, *engine, *onliner, *config, dir, {}, [this] { drain(); }});
		ASSERT_TRUE(save_unplugs(dir.get(), file, saved));
		unplugger.emplace(Unplugger::Parts{loop, sysfs, *engine, *requests, *config, dir},
				  [this] {
					  ++drains;
					  on_record = load_unplugs(dir.get(), file).value();
				  });
		unplugger->resume();
	}

	/// The uevents of an eject that went well.
	void removed()
	{
		for (uint64_t block = 32; block < 36; ++block)
			unplugger->on_uevent({Uevent::Action::remove, block});
	}

	Scene fails(uint64_t block)
	{
		return {[] { return true; }, [this, block] { unplugger->failed(block); }};
	}
	Scene written(
		const std::string &line, std::function<void()> then = [] {})
	{
		return {[this, line] {
				const auto lines = writes();
				return std::find(lines.begin(), lines.end(), line) != lines.end();
			},
			std::move(then)};
	}
	Scene over()
	{
		return {[this] { return unplugger->views().empty() && engine->idle(); }};
	}

	uint64_t next_block = 32;
	Fd dir = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());
	std::optional<ConfigFile> config;
	std::optional<Requests> requests;
	std::optional<Unplugger> unplugger;
	SavedUnplugs on_record; ///< when the kernel's own attempt had ended
	int drains = 0;
	std::function<void()> drain = [] {}; ///< what the kernel tells when a request asks it
};

} // namespace memhp
