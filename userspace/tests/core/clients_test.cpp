// SPDX-License-Identifier: GPL-2.0-only
#include "core/varlink/clients.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr ClientLimits limits = {6, 4, 3, 100};

TEST(Clients, AreAdmittedUpToTheLimits)
{
	Clients clients(limits);
	const struct {
		uid_t uid;
		bool admitted;
	} cases[] = {
		{1, true}, {1, true},  {1, true},  {1, false}, // three of a user
		{2, true}, {3, false},			       // four that are not root
		{0, true}, {0, true},  {0, false}, {2, false}, // six in all
	};
	for (const auto &[uid, admitted] : cases)
		EXPECT_EQ(clients.admit(uid), admitted) << uid;
	EXPECT_EQ(clients.connections(), 6u);
	clients.leave(1);
	EXPECT_TRUE(clients.admit(3));
}

TEST(Clients, RootMayHaveThemAllWhereNobodyElseIs)
{
	Clients clients(limits);
	for (int i = 0; i < 6; ++i)
		EXPECT_TRUE(clients.admit(0)) << i;
	EXPECT_FALSE(clients.admit(0));
	EXPECT_FALSE(clients.admit(1));
}

TEST(Clients, WhatWaitsForAUserIsBounded)
{
	Clients clients(limits);
	for (const uid_t uid : {0, 1, 1, 2})
		EXPECT_TRUE(clients.admit(uid));
	EXPECT_TRUE(clients.queue(1, 0, 60));
	EXPECT_TRUE(clients.queue(1, 0, 40));
	EXPECT_TRUE(clients.queue(2, 0, 100)) << "another user";
	EXPECT_FALSE(clients.queue(1, 40, 41));
	EXPECT_TRUE(clients.queue(1, 41, 41)) << "no more than before";
	EXPECT_EQ(clients.queued(), 201u);
	EXPECT_TRUE(clients.queue(1, 60, 0));
	EXPECT_TRUE(clients.queue(1, 41, 100));
	EXPECT_TRUE(clients.queue(0, 0, 1000)) << "root";
	EXPECT_TRUE(clients.queue(1, 100, 0));
	clients.leave(1);
	clients.leave(1);
	EXPECT_TRUE(clients.admit(1));
	EXPECT_TRUE(clients.queue(1, 0, 100)) << "nothing is left of those who went";
}

} // namespace
} // namespace memhp
