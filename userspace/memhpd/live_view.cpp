// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/live_view.h"

namespace memhp
{

void LiveView::scanned(const std::vector<Block> &blocks, Time now)
{
	view_.replace(blocks);
	verified_ = now;
}

void LiveView::on_uevent(const Uevent &event)
{
	switch (event.action) {
	case Uevent::Action::add:
		view_.appeared(event.block);
		return;
	case Uevent::Action::remove:
		view_.vanished(event.block);
		return;
	case Uevent::Action::online:
		view_.went(event.block, BlockState::online);
		return;
	case Uevent::Action::offline:
		view_.went(event.block, BlockState::offline);
		return;
	case Uevent::Action::other:
		return;
	}
}

void LiveView::attempted(Change change, const Attempted &attempted)
{
	if (!attempted.outcome.reached)
		return;
	if (change == Change::online)
		view_.changed(attempted.block, BlockState::online, attempted.zone);
	else
		view_.changed(attempted.block, BlockState::offline, Zone::none);
}

void LiveView::look()
{
	// Some 30 us each; who asks for a report does not wait for more.
	constexpr size_t most = 128;
	for (const auto number : view_.doubtful(most)) {
		const auto block = sysfs_.look(number);
		if (block)
			view_.found(*block);
		else if (gone(block.error()))
			view_.vanished(number);
	}
}

} // namespace memhp
