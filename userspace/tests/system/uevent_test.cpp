// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/uevent.h"

#include <string>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using namespace std::string_literals;
using About = UeventMessage::About;

TEST(UeventText, SaysWhatItIsAbout)
{
	using Action = Uevent::Action;
	const struct {
		std::string text;
		About about;
		Action action;
		uint64_t block;
	} cases[] = {
		{"add@/devices/system/memory/memory32\0ACTION=add\0SUBSYSTEM=memory\0SEQNUM=9\0"s,
		 About::memory_block, Action::add, 32},
		{"remove@/devices/system/memory/memory0\0"s, About::memory_block, Action::remove,
		 0},
		{"online@/devices/system/memory/memory131071"s, About::memory_block, Action::online,
		 131071},
		{"offline@/devices/system/memory/memory7\0SYNTH_UUID=0\0"s, About::memory_block,
		 Action::offline, 7},
		{"change@/devices/system/memory/memory7\0"s, About::memory_block, Action::other, 7},
		{"add@/devices/system/memory/memory\0"s, About::other, Action::other, 0},
		{"add@/devices/system/memory/memory7/x\0"s, About::other, Action::other, 0},
		{"add@/devices/system/memory\0SUBSYSTEM=memory\0"s, About::other, Action::other, 0},
		{"add@/devices/platform/e820_pmem/ndbus0/dax0.0\0ACTION=add\0SUBSYSTEM=dax\0"s,
		 About::dax, Action::other, 0},
		{"add@/devices/x\0SUBSYSTEM=daxx\0A=SUBSYSTEM=dax\0"s, About::other, Action::other,
		 0},
		{"libudev\0\xfe\xed\xca\xfe"s, About::other, Action::other, 0},
		{"", About::other, Action::other, 0},
		{"\0\0\0"s, About::other, Action::other, 0},
	};
	for (const auto &one : cases) {
		const auto found = parse_uevent(one.text);
		EXPECT_EQ(found.about, one.about) << one.text;
		if (one.about == About::memory_block) {
			EXPECT_EQ(found.event.action, one.action) << one.text;
			EXPECT_EQ(found.event.block, one.block) << one.text;
		}
	}
}

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
	const std::string path = "@/devices/LNXSYSTM:00/ACPI0004:01\0"s;
	const auto asked = parse_uevent("change" + path +
					"ACTION=change\0SUBSYSTEM=container\0EVENT=offline\0"s);
	EXPECT_EQ(asked.about, About::container);
	EXPECT_EQ(asked.container, "ACPI0004:01");
	for (const auto &other : {"change" + path + "SUBSYSTEM=container\0"s,
				  "change" + path + "SUBSYSTEM=container\0EVENT=online\0"s,
				  "offline" + path + "SUBSYSTEM=container\0EVENT=offline\0"s,
				  "add" + path + "SUBSYSTEM=container\0EVENT=offline\0"s,
				  "change" + path + "SUBSYSTEM=memory\0EVENT=offline\0"s})
		EXPECT_EQ(parse_uevent(other).about, About::other) << other;
}

} // namespace
} // namespace memhp
