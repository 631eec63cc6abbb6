// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <vector>

#include "system/base/loop.h"

namespace memhp
{

/// One scene of a test on the event loop: `then` is called as soon as `when` holds.
struct Scene {
	std::function<bool()> when;
	std::function<void()> then = [] {};
};

/// Runs the loop through all scenes and ends it. False when a scene's time did not come within
/// 20 s, or somebody else ended the loop. A loop runs only once.
inline bool play(Loop &loop, const std::vector<Scene> &scenes)
{
	constexpr Time patience = std::chrono::seconds(20);
	constexpr Time pulse = std::chrono::milliseconds(1);

	size_t at = 0;
	Loop::Source timer;
	const std::function<void()> look = [&] {
		while (at < scenes.size() && scenes[at].when())
			scenes[at++].then();
		if (at == scenes.size())
			loop.quit(0);
		else
			timer = loop.timer(Loop::now() + pulse, look);
	};
	const auto end = loop.timer(Loop::now() + patience, [&] { loop.quit(1); });
	const auto begin = loop.defer(look);
	return loop.run() == 0 && at == scenes.size();
}

} // namespace memhp
