// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include <gtest/gtest.h>

#include "explain_fixture.h"

namespace memhp
{
namespace
{

TEST(ExplainText, NamesTheProcessThatHoldsAPage)
{
	auto facts = block_of();
	hold(facts, true);
	auto found = explain(facts);
	EXPECT_EQ(found.why, "page 0x300000 is held and does not move: pid 312 (holdpage): its "
			     "memory, referenced from elsewhere (a pipe, a socket, I/O)");
	EXPECT_EQ(found.advice, "it goes when pid 312 (holdpage) lets go of its pages, or ends; "
				"memhpctl offline tries again until its deadline");

	facts.held.insert(facts.held.begin(), {0x300005, "file", 9, 1, 1, 3});
	facts.module->held = 20;
	EXPECT_EQ(explain(facts).why.substr(0, 34), "20 pages are held; page 0x300000 i")
		<< "the one whose owner is known";
	facts.owners = {};
	facts.owners.complete = true;
	found = explain(facts);
	EXPECT_NE(found.why.find("page 0x300005"), std::string::npos);
	EXPECT_EQ(found.advice.find("pid"), std::string::npos) << found.advice;
}

TEST(ExplainText, TellsOfAHeldPageBesideMemoryOfTheKernel)
{
	auto facts = block_of(Zone::normal);
	hold(facts, true);
	facts.module->slab = 8;
	const auto found = explain(facts);
	EXPECT_EQ(found.cause, Cause::slab);
	EXPECT_NE(found.why.find("; besides, page 0x300000 is held"), std::string::npos)
		<< found.why;
}

TEST(ExplainText, NamesWhatIsReserved)
{
	auto facts = block_of(Zone::normal);
	fill(facts, {{bit(32), 300}});
	EXPECT_EQ(explain(facts).why, "300 pages reserved: memory that was given away at boot");
	facts.ram->names = {"Kernel code", "Kernel data"};
	EXPECT_EQ(explain(facts).why, "300 pages reserved: Kernel code, Kernel data");
	facts.ram->names = {"Crash kernel"};
	EXPECT_NE(explain(facts).advice.find("crashkernel="), std::string::npos);
	facts.ram->missing = 36;
	facts.ram->names = {"ACPI Tables"};
	EXPECT_EQ(explain(facts).why, "144K of it is no memory (ACPI Tables)");
}

TEST(ExplainText, SaysWhenItFailedWhereThatIsKnown)
{
	auto facts = block_of();
	facts.failure = failure("notifier", EBUSY);
	EXPECT_EQ(explain(facts).why, "part of the kernel objected to the last attempt, 3s ago "
				      "(Device or resource busy)");
	facts = block_of(Zone::normal);
	facts.failure = failure("isolate", EBUSY);
	EXPECT_EQ(explain(facts).why.substr(0, 45),
		  "the last attempt, 3s ago, failed (Device or r");
	facts.failure->ago.reset();
	EXPECT_EQ(explain(facts).why.substr(0, 37), "the last attempt failed (Device or re");
}

} // namespace
} // namespace memhp
