// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/eject.h"

#include <cerrno>

#include "request_fixture.h"

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;
using Numbers = std::vector<uint64_t>;

/// The DIMM of blocks 32 to 35, 35 of which is in a kernel zone, is to be ejected.
class EjectOfTree : public RequestOfTree
{
protected:
	static constexpr auto device = "PNP0C80:01";

	EjectOfTree()
	{
		for (uint64_t block = 32; block < 36; ++block)
			tree.own(block, device);
		tree.write(MachineTree::dir(35) + "/valid_zones", "Normal\n");
		tree.add_eject(device);
		request.eject = true;
		request.all_or_nothing = true;
	}

	Report eject_it() { return report(Change::offline, {std::string("device:") + device}); }

	std::string refusal(const Lines &target)
	{
		request.target = target;
		const auto plan = make_plan(sysfs, request, config);
		return plan ? "" : plan.error().message;
	}

	bool wrote_eject() const
	{
		const auto lines = kernel.writes();
		return !lines.empty() && lines.back() == "PNP0C80:01 eject 1";
	}

	void expect_all_back() const
	{
		for (uint64_t block = 32; block < 36; ++block) {
			EXPECT_EQ(tree.state(block), "online") << block;
			EXPECT_EQ(tree.read(MachineTree::dir(block) + "/valid_zones"),
				  block == 35 ? "Normal" : "Movable")
				<< block;
		}
	}

	/// The write and the wait alone, with less patience.
	std::string ejected(Time deadline = Time::max())
	{
		std::optional<std::string> end;
		eject(
			*engine, sysfs, device, deadline,
			[&](const Result<void> &result) {
				end = result ? "gone" : result.error().message;
			},
			Time(50));
		EXPECT_FALSE(end) << "it comes from the loop";
		EXPECT_TRUE(play(loop, {{[&] { return end.has_value(); }}}));
		return end.value_or("");
	}

	void all_offline() const
	{
		for (uint64_t block = 32; block < 36; ++block)
			tree.write(MachineTree::dir(block) + "/state", "offline\n");
	}
};

TEST_F(EjectOfTree, EjectsWhenAllIsOffline)
{
	const auto result = eject_it();
	EXPECT_EQ(kernel.writes().size(), 5u);
	EXPECT_TRUE(wrote_eject());
	EXPECT_TRUE(result.complete());
	ASSERT_TRUE(result.ejected);
	EXPECT_TRUE(result.ejected->done);
	EXPECT_EQ(result.ejected->device, device);
	EXPECT_TRUE(result.rolled_back.empty());
	EXPECT_FALSE(tree.exists(MachineTree::dir(33)));
	EXPECT_TRUE(progress.back().ejecting);
}

TEST_F(EjectOfTree, EjectsWhatIsOfflineAlready)
{
	all_offline();
	const auto result = eject_it();
	EXPECT_EQ(kernel.writes(), Lines{"PNP0C80:01 eject 1"});
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(result.already, (Numbers{32, 33, 34, 35}));
}

TEST_F(EjectOfTree, WhatDoesNotGoIsNotEjectedAndComesBack)
{
	kernel.script(34, {"22"});
	const auto result = eject_it();
	EXPECT_FALSE(result.complete());
	EXPECT_FALSE(wrote_eject());
	EXPECT_EQ(result.ejected->reason, "not all of it went offline");
	expect_all_back();
}

TEST_F(EjectOfTree, WithoutAllOrNothingWhatWentStaysOffline)
{
	request.all_or_nothing = false;
	kernel.script(34, {"22"});
	const auto result = eject_it();
	EXPECT_FALSE(result.complete());
	EXPECT_FALSE(wrote_eject());
	EXPECT_EQ(result.done, (Numbers{32, 33, 35}));
}

TEST_F(EjectOfTree, PutsAllBackWhereTheKernelRefuses)
{
	kernel.script_eject(device, {std::to_string(ENODEV)});
	const auto result = eject_it();
	EXPECT_FALSE(result.complete());
	EXPECT_NE(result.ejected->reason.find("the kernel refused it: No such device"),
		  std::string::npos)
		<< result.ejected->reason;
	EXPECT_EQ(result.rolled_back.size(), 4u);
	expect_all_back();
}

TEST_F(EjectOfTree, DoesNotEjectWhatSomebodyOnlinedAgain)
{
	attempted = [this] {
		if (kernel.writes().size() == 4)
			tree.write(MachineTree::dir(33) + "/state", "online\n");
	};
	const auto result = eject_it();
	for (const auto &line : kernel.writes())
		EXPECT_EQ(line.find("eject"), std::string::npos);
	EXPECT_EQ(result.ejected->reason, "a block of it is online again");
	for (uint64_t block = 32; block < 36; ++block)
		EXPECT_EQ(tree.state(block), "online") << block;
}

TEST_F(EjectOfTree, ACancelledOneIsNotEjected)
{
	attempted = [this] {
		if (kernel.writes().size() == 4)
			engine->cancel(job);
	};
	const auto result = eject_it();
	EXPECT_EQ(result.ejected->reason, "the request was cancelled");
	expect_all_back();
}

TEST_F(EjectOfTree, TellsWhenAnEjectBeginsAndEnds)
{
	Lines told;
	RequestCallbacks callbacks;
	callbacks.ejecting = [&](const std::string &name, bool begins) {
		told.push_back(name + (begins ? " begins" : " ended"));
		EXPECT_EQ(wrote_eject(), !begins);
	};
	request.target = {std::string("device:") + device};
	const auto plan = make_plan(sysfs, request, terms_of(request, config));
	ASSERT_TRUE(plan) << plan.error().message;
	carry_out(*plan, std::move(callbacks));
	EXPECT_EQ(told, (Lines{"PNP0C80:01 begins", "PNP0C80:01 ended"}));
}

TEST_F(EjectOfTree, OneThatWentWithTheProcessBeforeIsNotEjectedTwice)
{
	request.target = {std::string("device:") + device};
	auto plan = make_plan(sysfs, request, terms_of(request, config)).value();
	plan.resumed = true;
	for (auto &part : plan.parts)
		++part.inode; // the device that is there now is another
	all_offline();
	const auto result = carry_out(plan);
	EXPECT_TRUE(result.complete());
	EXPECT_EQ(kernel.writes(), Lines());
}

TEST_F(EjectOfTree, TheWriteIsNotTheSuccess)
{
	all_offline();
	kernel.script_eject(device, {"stay"});
	EXPECT_NE(ejected().find("the kernel has not done it"), std::string::npos);
	EXPECT_TRUE(tree.exists(MachineTree::dir(33)));
}

TEST_F(EjectOfTree, AKernelThatIsStillAtItIsWaitedForUpToTheDeadline)
{
	all_offline();
	kernel.script_eject(device, {"stay"});
	kernel.script(0, {"hang"}); // the barrier, which has a minute
	Loop::Source kill;
	std::optional<std::string> end;
	eject(
		*engine, sysfs, device, Loop::now(),
		[&](const Result<void> &result) { end = result ? "" : result.error().message; },
		Time(1));
	EXPECT_TRUE(play(loop, {{[this] { return kernel.writes().size() == 2; }, // the barrier's
				 [this] { writer->interrupt(); }},
				{[&] { return end.has_value(); }}}));
	EXPECT_NE(end->find("still at it"), std::string::npos) << *end;
}

TEST_F(EjectOfTree, ADeviceThatIsPluggedInAnewMeanwhileIsAnotherOne)
{
	all_offline();
	kernel.script_eject(device, {"stay"});
	std::optional<bool> gone;
	eject(*engine, sysfs, device, Time::max(),
	      [&](const Result<void> &result) { gone = result.has_value(); });
	EXPECT_TRUE(play(loop, {{[this] { return wrote_eject(); },
				 [this] {
					 for (uint64_t block = 32; block < 36; ++block) {
						 const auto dir = MachineTree::dir(block);
						 tree.move(dir, "aside" + std::to_string(block));
						 tree.write(dir + "/state", "offline\n");
					 }
				 }},
				{[&] { return gone.has_value(); }}}));
	EXPECT_TRUE(gone.value_or(false));
}

TEST_F(EjectOfTree, RefusesBeforeAnythingGoesOffline)
{
	const std::string own = std::string("device:") + device;
	EXPECT_EQ(refusal({own}), "");
	EXPECT_NE(refusal({"32-35"}).find("not one whole device"), std::string::npos);
	EXPECT_NE(refusal({"device:PNP0C80:07"}).find("no memory block matches"),
		  std::string::npos);
	tree.write("sys/firmware/acpi/hotplug/memory/enabled", "0\n");
	EXPECT_NE(refusal({own}).find("switched off"), std::string::npos);
	tree.write("sys/firmware/acpi/hotplug/memory/enabled", "1\n");
	EXPECT_EQ(refusal({own}), "");
	tree.remove(eject_path(device));
	EXPECT_NE(refusal({own}).find("no file eject"), std::string::npos);
	tree.write("proc/iomem", "100000000-23fffffff : virtio0\n"
				 "  100000000-11fffffff : System RAM (virtio_mem)\n");
	EXPECT_NE(refusal({"device:virtio0"}).find("requested-size"), std::string::npos);
	request.change = Change::online;
	EXPECT_NE(refusal({own}).find("goes online"), std::string::npos);
	EXPECT_EQ(kernel.writes(), Lines());
}

} // namespace
} // namespace memhp
