// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/unplug.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using namespace std::chrono_literals;

/// A step as a word, with its point in time where it has one.
std::string word(const Unplug::Step &step)
{
	const auto at = [](Time time) {
		return time == Time::max()
			       ? std::string()
			       : " " + std::to_string(
					       std::chrono::duration_cast<std::chrono::seconds>(
						       time)
						       .count());
	};
	if (std::holds_alternative<Unplug::Settle>(step))
		return "settle";
	if (const auto *offline = std::get_if<Unplug::Offline>(&step))
		return "offline" + at(offline->until);
	if (std::holds_alternative<Unplug::Release>(step))
		return "release";
	if (std::holds_alternative<Unplug::Eject>(step))
		return "eject";
	if (std::holds_alternative<Unplug::Restore>(step))
		return "restore";
	if (const auto *wait = std::get_if<Unplug::Wait>(&step))
		return "wait" + at(wait->until);
	return "finished";
}

class UnplugOf : public testing::Test
{
protected:
	std::string next(Time now) { return word(unplug.next(now)); }

	/// Up to the offline that the first word orders.
	void begin()
	{
		ASSERT_EQ(next(100s), "settle");
		unplug.settled(true);
		ASSERT_EQ(next(101s), "offline 700");
	}

	Unplug unplug{Unplug::Spec(), 100s};
};

TEST_F(UnplugOf, WaitsForTheKernelThenOfflinesThenEjects)
{
	EXPECT_EQ(next(100s), "settle");
	EXPECT_EQ(next(100s), "wait") << "it is ordered already";
	unplug.settled(true);
	EXPECT_EQ(next(101s), "offline 700");
	EXPECT_EQ(next(101s), "wait");
	unplug.offlined(Unplug::Offlined::all);
	EXPECT_FALSE(unplug.own_eject());
	EXPECT_EQ(next(150s), "eject");
	EXPECT_TRUE(unplug.own_eject());
	unplug.ejected(0, 151s);
	EXPECT_EQ(next(151s), "wait 161") << "the write is not the success";
	EXPECT_FALSE(unplug.succeeded());
	unplug.gone();
	EXPECT_EQ(next(152s), "finished");
	EXPECT_TRUE(unplug.succeeded());
	EXPECT_EQ(unplug.why(), "");
	EXPECT_EQ(unplug.ejects(), 1u);
}

TEST_F(UnplugOf, ALockThatIsNotToBeHadIsWaitedForUntilTheDeadline)
{
	EXPECT_EQ(next(100s), "settle");
	unplug.settled(false);
	EXPECT_EQ(next(110s), "settle");
	unplug.settled(false);
	EXPECT_EQ(next(700s), "finished") << "nothing was taken, nothing is to be restored";
	EXPECT_FALSE(unplug.succeeded());
	EXPECT_EQ(unplug.why(), "out of time");
}

TEST_F(UnplugOf, PutsBackWhatItTookWhenSomeCannotGo)
{
	begin();
	unplug.offlined(Unplug::Offlined::refused);
	EXPECT_EQ(next(102s), "restore");
	EXPECT_EQ(next(102s), "wait");
	unplug.restored();
	EXPECT_EQ(next(103s), "finished");
	EXPECT_FALSE(unplug.succeeded());
	EXPECT_EQ(unplug.why(), "some of it cannot go");
}

TEST_F(UnplugOf, PutsItBackWhenTimeIsUp)
{
	begin();
	unplug.offlined(Unplug::Offlined::late);
	EXPECT_EQ(next(700s), "restore");
	unplug.restored();
	EXPECT_EQ(next(701s), "finished");
	EXPECT_EQ(unplug.why(), "out of time");
}

TEST_F(UnplugOf, AnotherRequestStartsTheClockAnew)
{
	begin();
	unplug.asked(600s);
	unplug.offlined(Unplug::Offlined::late);
	EXPECT_EQ(next(700s), "settle");
	unplug.settled(true);
	EXPECT_EQ(next(701s), "offline 1200");
}

TEST_F(UnplugOf, ARequestWhileItIsPutBackBeginsAgain)
{
	begin();
	unplug.offlined(Unplug::Offlined::refused);
	EXPECT_EQ(next(102s), "restore");
	unplug.asked(103s);
	EXPECT_EQ(next(103s), "wait") << "first it goes back";
	unplug.restored();
	EXPECT_EQ(next(104s), "settle");
	EXPECT_EQ(unplug.why(), "");
	unplug.settled(true);
	EXPECT_EQ(next(105s), "offline 703");
}

TEST_F(UnplugOf, EjectsThreeTimesAtMost)
{
	begin();
	Time now = 110s;
	for (unsigned i = 1; i <= 3; ++i) {
		unplug.offlined(Unplug::Offlined::all);
		EXPECT_EQ(next(now), "eject");
		unplug.ejected(0, now);
		now += 10s;
		EXPECT_EQ(next(now), "settle") << "the blocks did not go in time";
		EXPECT_FALSE(unplug.own_eject());
		unplug.settled(true);
		EXPECT_EQ(next(now), "offline 700");
	}
	unplug.offlined(Unplug::Offlined::all);
	EXPECT_EQ(next(now), "restore");
	unplug.restored();
	EXPECT_EQ(next(now), "finished");
	EXPECT_EQ(unplug.why(), "ejected 3 times in vain");
}

TEST_F(UnplugOf, BlocksThatCameBackOnlineAreTakenOfflineAgain)
{
	begin();
	unplug.offlined(Unplug::Offlined::all);
	EXPECT_EQ(next(110s), "eject");
	unplug.ejected(EBUSY, 110s);
	EXPECT_EQ(next(110s), "settle");
}

TEST_F(UnplugOf, RestoresWhatAnotherTook)
{
	unplug.took();
	EXPECT_EQ(next(700s), "restore");
}

TEST_F(UnplugOf, AnEjectThatIsRefusedEndsIt)
{
	begin();
	unplug.offlined(Unplug::Offlined::all);
	EXPECT_EQ(next(110s), "eject");
	unplug.ejected(EACCES, 110s);
	EXPECT_EQ(next(110s), "restore");
	EXPECT_EQ(unplug.why(), "the eject was refused: Permission denied");
}

TEST_F(UnplugOf, SaysWhatSpeaksAgainstIt)
{
	begin();
	unplug.offlined(Unplug::Offlined::refused, "a cpuset wants it");
	EXPECT_EQ(next(102s), "restore");
	EXPECT_EQ(unplug.why(), "a cpuset wants it");
}

TEST_F(UnplugOf, BlocksThatGoAtAnyTimeEndIt)
{
	EXPECT_EQ(next(100s), "settle");
	unplug.gone();
	unplug.settled(true);
	EXPECT_EQ(next(100s), "finished");
	EXPECT_TRUE(unplug.succeeded());
}

TEST(Unplug, LeavesTheEjectToTheHostWhereItShall)
{
	Unplug::Spec spec;
	spec.eject = false;
	spec.deadline = 60s;
	Unplug unplug(spec, 0s);
	EXPECT_EQ(word(unplug.next(0s)), "settle");
	unplug.settled(true);
	EXPECT_EQ(word(unplug.next(0s)), "offline 60");
	unplug.offlined(Unplug::Offlined::all);
	EXPECT_EQ(word(unplug.next(1s)), "wait 60");
	EXPECT_EQ(word(unplug.next(60s)), "restore") << "the host did not ask again";
}

class ContainerUnplug : public UnplugOf
{
protected:
	ContainerUnplug()
	{
		Unplug::Spec spec;
		spec.container = true;
		unplug = Unplug(spec, 100s);
	}

	/// Up to its own release, which is the next.
	void empty()
	{
		begin();
		unplug.offlined(Unplug::Offlined::all);
		ASSERT_EQ(next(110s), "release");
		ASSERT_EQ(next(110s), "wait");
	}
};

TEST_F(ContainerUnplug, GoesOfflineBeforeItIsEjected)
{
	empty();
	EXPECT_FALSE(unplug.own_eject());
	unplug.released(0, 111s);
	EXPECT_EQ(next(111s), "eject");
	unplug.ejected(0, 112s);
	unplug.gone();
	EXPECT_EQ(next(112s), "finished");
	EXPECT_TRUE(unplug.succeeded());
}

TEST_F(ContainerUnplug, WaitsForWhatIsNotMemoryUntilTheDeadline)
{
	empty();
	unplug.released(EBUSY, 111s);
	EXPECT_EQ(next(111s), "wait 112");
	EXPECT_EQ(next(112s), "release");
	unplug.released(EBUSY, 699s + 500ms);
	EXPECT_EQ(next(699s + 600ms), "wait 700");
	EXPECT_EQ(next(700s), "restore");
	unplug.restored();
	EXPECT_EQ(next(700s), "finished");
	EXPECT_EQ(unplug.why(), "out of time: something in it is not offline");
}

TEST_F(ContainerUnplug, IsGivenUpWhereItCannotGoOffline)
{
	empty();
	unplug.released(EPERM, 111s);
	EXPECT_EQ(next(111s), "restore");
	EXPECT_EQ(unplug.why(), "the container does not go offline: Operation not permitted");
}

TEST_F(ContainerUnplug, IsReleasedAgainWhenItsBlocksCameBack)
{
	empty();
	unplug.released(0, 111s);
	EXPECT_EQ(next(111s), "eject");
	unplug.ejected(EBUSY, 112s);
	EXPECT_EQ(next(112s), "settle");
	unplug.settled(true);
	EXPECT_EQ(next(112s), "offline 700");
	unplug.offlined(Unplug::Offlined::all);
	EXPECT_EQ(next(113s), "release");
}

} // namespace
} // namespace memhp
