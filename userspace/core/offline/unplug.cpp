// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/unplug.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace memhp
{

void Unplug::asked(Time now)
{
	asked_ = now;
	ejects_ = 0;
	again_ = phase_ == Phase::restore || phase_ == Phase::restoring;
}

void Unplug::give_up(std::string why)
{
	why_ = std::move(why);
	phase_ = took_ ? Phase::restore : Phase::over;
}

Unplug::Step Unplug::next(Time now)
{
	switch (phase_) {
	case Phase::settle:
	case Phase::offline:
	case Phase::release:
	case Phase::eject:
		if (now >= until())
			give_up("out of time");
		break;
	case Phase::busy:
		if (now < retry_at_ && now < until())
			return Wait{std::min(retry_at_, until())};
		if (now >= until())
			give_up("out of time: something in it is not offline");
		else
			phase_ = Phase::release;
		break;
	case Phase::leaving:
		if (now < leave_by_ && now < until())
			return Wait{std::min(leave_by_, until())};
		// The kernel has refused it: blocks are online again.
		if (now >= until() || !spec_.eject)
			give_up("out of time");
		else
			phase_ = Phase::settle;
		break;
	default:
		break;
	}

	switch (phase_) {
	case Phase::settle:
		phase_ = Phase::settling;
		return Settle{};
	case Phase::offline:
		phase_ = Phase::offlining;
		took_ = true;
		return Offline{until()};
	case Phase::release:
		phase_ = Phase::releasing;
		return Release{};
	case Phase::eject:
		if (ejects_ == spec_.ejects) {
			give_up(fmt::format("ejected {} times in vain", ejects_));
			break;
		}
		++ejects_;
		phase_ = Phase::ejecting;
		return Eject{};
	case Phase::over:
		return Finished{};
	default:
		break;
	}
	if (phase_ == Phase::restore) {
		phase_ = Phase::restoring;
		return Restore{};
	}
	return Wait{Time::max()};
}

void Unplug::settled(bool passed)
{
	if (phase_ == Phase::settling)
		phase_ = passed ? Phase::offline : Phase::settle;
}

void Unplug::offlined(Offlined result, std::string why)
{
	if (phase_ != Phase::offlining)
		return;
	switch (result) {
	case Offlined::all:
		phase_ = spec_.container ? Phase::release
			 : spec_.eject	 ? Phase::eject
					 : Phase::leaving;
		leave_by_ = Time::max();
		return;
	case Offlined::late:
		phase_ = Phase::settle; // where it is out of time, unless the host has asked again
		return;
	case Offlined::refused:
		give_up(why.empty() ? "some of it cannot go" : std::move(why));
		return;
	}
}

void Unplug::released(int error, Time now)
{
	if (phase_ != Phase::releasing)
		return;
	if (error == EBUSY) {
		phase_ = Phase::busy;
		retry_at_ = now + spec_.interval;
	} else if (error != 0) {
		give_up(fmt::format("the container does not go offline: {}", std::strerror(error)));
	} else {
		phase_ = spec_.eject ? Phase::eject : Phase::leaving;
		leave_by_ = Time::max();
	}
}

void Unplug::ejected(int error, Time now)
{
	if (phase_ != Phase::ejecting)
		return;
	switch (error) {
	case 0:
		phase_ = Phase::leaving;
		leave_by_ = now + spec_.patience;
		return;
	case EBUSY:
		phase_ = Phase::settle;
		return;
	default:
		give_up(fmt::format("the eject was refused: {}", std::strerror(error)));
		return;
	}
}

void Unplug::gone()
{
	gone_ = true;
	again_ = false;
	why_.clear();
	phase_ = Phase::over;
}

void Unplug::restored()
{
	phase_ = again_ ? Phase::settle : Phase::over;
	if (again_)
		why_.clear();
	again_ = false;
	took_ = false;
}

} // namespace memhp
