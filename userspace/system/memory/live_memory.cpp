// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/live_memory.h"

namespace memhp
{

Result<std::unique_ptr<LiveMemory>> LiveMemory::open(Loop &loop, const Sysfs &sysfs,
						     Listener listener)
{
	constexpr int buffer = 16 << 20;

	std::unique_ptr<LiveMemory> memory(new LiveMemory(sysfs, std::move(listener)));
	auto *self = memory.get();
	auto monitor = UeventMonitor::open(
		loop, buffer, [self](const Uevent &event) { self->take(event); },
		[self] {
			// A machine that cannot be read now is as it was known, until the next.
			(void)self->count();
			self->listener_.lost();
		});
	if (!monitor)
		return fail(monitor.error());
	memory->monitor_ = std::move(*monitor);
	const auto counted = memory->count();
	if (!counted)
		return fail(counted.error());
	return memory;
}

Result<void> LiveMemory::count()
{
	const auto blocks =
		sysfs_.scan({.zone = false, .candidates = false, .origin = false, .inode = false});
	if (!blocks)
		return fail(blocks.error());
	presence_.clear();
	for (const auto &block : *blocks)
		presence_.set(block.number, block.state == BlockState::online);
	return {};
}

void LiveMemory::take(const Uevent &event)
{
	switch (event.action) {
	case Uevent::Action::remove:
		presence_.remove(event.block);
		break;
	case Uevent::Action::add:
	case Uevent::Action::online:
	case Uevent::Action::offline:
	case Uevent::Action::other: {
		// As it is now: what the event tells may be over, and was counted at the start.
		const auto state = sysfs_.state(event.block);
		if (state)
			presence_.set(event.block, *state == BlockState::online);
		else
			presence_.remove(event.block);
		break;
	}
	}
	listener_.changed(event);
}

} // namespace memhp
