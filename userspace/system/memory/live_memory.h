// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <memory>

#include "core/memory/presence.h"
#include "system/base/loop.h"
#include "system/kernel/uevent.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// The running machine's blocks as they come, go, and change, by the kernel's events.
class LiveMemory
{
public:
	struct Listener {
		std::function<void(const Uevent &)> changed; ///< presence() has it already
		std::function<void()> lost; ///< some events are; presence() is new all the same
	};

	/// Listens, then counts. `loop` and `sysfs` must outlive it.
	static Result<std::unique_ptr<LiveMemory>> open(Loop &loop, const Sysfs &sysfs,
							Listener listener);

	const Presence &presence() const { return presence_; }

private:
	LiveMemory(const Sysfs &sysfs, Listener listener)
		: sysfs_(sysfs), listener_(std::move(listener))
	{
	}
	Result<void> count();
	void take(const Uevent &event);

	const Sysfs &sysfs_;
	Listener listener_;
	Presence presence_;
	std::unique_ptr<UeventMonitor> monitor_;
};

} // namespace memhp
