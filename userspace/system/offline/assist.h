// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "core/base/result.h"
#include "core/offline/assist.h"
#include "system/offline/engine.h"

namespace memhp
{

/// What the machine below `root_fd` offers for these nodes. What cannot be read is not offered.
AssistFiles find_assist(int root_fd, const std::set<int> &nodes);

/// Makes memory easier to free between the passes of a job, and puts back what that has changed.
class Assistant : public std::enable_shared_from_this<Assistant>
{
public:
	/// `lowered`: what another process has left to be restored. `changed` is told what is to
	/// be restored, before it is changed and when it is done; may be empty.
	Assistant(Engine &engine, const Sysfs &sysfs, std::vector<Assist> wanted, Lowered lowered,
		  std::function<void(const Lowered &)> changed);

	/// Notes the numbers of huge pages on these nodes, if they are going to change. Before
	/// anything goes offline.
	void begin(const std::set<int> &nodes);

	/// What to write for these nodes.
	std::vector<Engine::Order> help(const std::set<int> &nodes);

	/// Has the numbers of huge pages as they were, as far as there is memory for them, then
	/// calls `done`; at once where nothing is to be restored.
	void restore(const std::function<void()> &done);

private:
	void note_left(const std::string &path);
	void restored_one(const std::string &path, const Writer::Outcome &outcome,
			  const std::function<void()> &done);
	void one_less(const std::function<void()> &done);

	Engine &engine_;
	const Sysfs &sysfs_;
	std::vector<Assist> wanted_;
	Lowered lowered_;
	std::function<void(const Lowered &)> changed_;
	size_t to_restore_ = 0;
};

} // namespace memhp
