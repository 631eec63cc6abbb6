// SPDX-License-Identifier: GPL-2.0-only
#include "system/uevent.h"

#include <string>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(ReceiveBuffer, IsTheDefaultOrAsGiven)
{
	const struct {
		std::string given;
		int bytes; ///< -1: refused
	} cases[] = {
		{"", default_receive_buffer},
		{"4K", 4096},
		{"2304", 2304},
		{"1G", 1 << 30},
		{"1025M", -1},
		{"0", -1},
		{"-1", -1},
		{"much", -1},
		{"4294971392", -1},
		{"18E", -1},
	};
	for (const auto &one : cases) {
		const auto chosen = choose_receive_buffer(one.given);
		EXPECT_EQ(chosen.value_or(-1), one.bytes) << one.given;
		if (!chosen) {
			EXPECT_NE(chosen.error().message.find(one.given), std::string::npos)
				<< chosen.error().message;
		}
	}
}

TEST(Uevent, ARequestForAContainerIsKnownByItsVariable)
{
	EXPECT_TRUE(asks_for_container("container", "change", "offline"));
	const struct {
		const char *subsystem;
		const char *action;
		const char *event;
	} others[] = {{"container", "change", ""},
		      {"container", "change", "online"},
		      {"container", "offline", "offline"},
		      {"container", "add", "offline"},
		      {"memory", "change", "offline"}};
	for (const auto &[subsystem, action, event] : others)
		EXPECT_FALSE(asks_for_container(subsystem, action, event)) << action << event;
}

} // namespace
} // namespace memhp
