// SPDX-License-Identifier: GPL-2.0-only
#include "core/explain/owners.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Proof = Culprit::Proof;

Owner owner(int pid, std::vector<uint64_t> held, std::vector<uint64_t> buffers = {},
	    bool vfio = false)
{
	Owner result;
	result.pid = pid;
	result.comm = "program";
	result.held = std::move(held);
	result.buffers = std::move(buffers);
	result.vfio = vfio;
	return result;
}

HeldPage page(const char *kind, int64_t references, std::optional<uint64_t> mapcount,
	      uint64_t pages = 1)
{
	return {7, kind, references, 1, pages, mapcount};
}

TEST(Owners, AreNamedOnlyWhereItIsProved)
{
	const struct {
		const char *name;
		HeldPage page;
		std::vector<Owner> processes;
		bool complete;
		Proof proof;
		int pid;
	} cases[] = {
		{"the only one that maps it",
		 page("anon", 2, 1),
		 {owner(4, {7})},
		 true,
		 Proof::only_owner,
		 4},
		{"the page's own count says so",
		 page("anon", 2, 1),
		 {owner(4, {7})},
		 false,
		 Proof::only_owner,
		 4},
		{"another was not seen", page("anon", 3, 2), {owner(4, {7})}, true, Proof::none, 0},
		{"no count, and not all were looked at",
		 page("anon", 2, {}),
		 {owner(4, {7})},
		 false,
		 Proof::none,
		 0},
		{"no count, but all were looked at",
		 page("anon", 2, {}),
		 {owner(4, {7})},
		 true,
		 Proof::only_owner,
		 4},
		{"two map it",
		 page("anon", 3, 2),
		 {owner(4, {7}), owner(5, {7})},
		 true,
		 Proof::none,
		 0},
		{"nobody maps it any more",
		 page("anon", 1, 0),
		 {owner(4, {8})},
		 true,
		 Proof::none,
		 0},
		{"of a file", page("file", 3, 1), {owner(4, {7})}, true, Proof::none, 0},
		{"of a file, in a fixed buffer",
		 page("file", 1027, 1),
		 {owner(4, {7}, {7})},
		 true,
		 Proof::fixed_buffer,
		 4},
		{"in the fixed buffer of one of two",
		 page("anon", 1027, 2),
		 {owner(4, {7}), owner(5, {7}, {7})},
		 false,
		 Proof::fixed_buffer,
		 5},
		{"in the fixed buffers of two",
		 page("anon", 1027, 2),
		 {owner(4, {7}, {7}), owner(5, {7}, {7})},
		 true,
		 Proof::none,
		 0},
		{"where a fixed buffer is, but not pinned",
		 page("anon", 2, 1),
		 {owner(4, {7}, {7})},
		 true,
		 Proof::only_owner,
		 4},
		{"pinned, with a device",
		 page("anon", 1026, 1),
		 {owner(4, {7}, {}, true)},
		 true,
		 Proof::vfio,
		 4},
		{"not pinned, with a device",
		 page("anon", 2, 1),
		 {owner(4, {7}, {}, true)},
		 true,
		 Proof::only_owner,
		 4},
	};
	for (const auto &[name, held, processes, complete, proof, pid] : cases) {
		Owners owners;
		owners.processes = processes;
		owners.complete = complete;
		const auto who = culprit(held, owners);
		EXPECT_EQ(who.proof, proof) << name;
		EXPECT_EQ(who.pid, pid) << name;
	}
}

TEST(Owners, APinCountsAThousandReferences)
{
	EXPECT_FALSE(page("anon", 2, 1).pinned());
	EXPECT_FALSE(page("anon", 1024, 1).pinned());
	EXPECT_TRUE(page("anon", 1025, 1).pinned());
	EXPECT_FALSE(page("anon", 4000, 1, 512).pinned()) << "references of its base pages add up";
}

TEST(Owners, AreDescribedWithTheProof)
{
	Owners owners;
	owners.complete = true;
	EXPECT_EQ(describe(page("anon", 1, 0), owners),
		  "no process maps it any more; who holds it is not known");
	EXPECT_EQ(describe(page("anon", 1, {}), owners), "who holds it is not known");
	owners.processes = {owner(4, {7})};
	EXPECT_EQ(describe(page("anon", 2, 1), owners),
		  "pid 4 (program): its memory, referenced from elsewhere (a pipe, a socket, I/O)");
	EXPECT_EQ(describe(page("anon", 1026, 1), owners),
		  "pid 4 (program): its memory, pinned for I/O");
	EXPECT_EQ(describe(page("file", 3, 1), owners),
		  "pid 4 (program) maps it; who holds it is not known");
	owners.processes = {owner(4, {7}), owner(5, {7}), owner(6, {7}), owner(8, {7})};
	EXPECT_EQ(describe(page("anon", 5, 4), owners),
		  "pid 4 (program), pid 5 (program), pid 6 (program) and 1 more map it; who holds "
		  "it is not known");
	owners.processes = {owner(4, {7}, {7})};
	EXPECT_EQ(describe(page("anon", 1026, 1), owners),
		  "pid 4 (program): a fixed buffer of io_uring");
}

TEST(Owners, HeldPagesComeFromTheModule)
{
	const auto record = Record::parse(
		"block=96 held=3 "
		"held_first=0x300000:anon:2:1,0x300010:file:1027:3,rubbish,:anon:1:1");
	ASSERT_TRUE(record);
	const auto pages = parse_held(*record);
	ASSERT_EQ(pages.size(), 2u);
	EXPECT_EQ(pages[0].pfn, 0x300000u);
	EXPECT_EQ(pages[0].kind, "anon");
	EXPECT_EQ(pages[0].references, 2);
	EXPECT_EQ(pages[0].accounted, 1);
	EXPECT_TRUE(pages[1].pinned());
	EXPECT_TRUE(parse_held(*Record::parse("block=96 held=0 held_first=-")).empty());
	EXPECT_TRUE(parse_held(*Record::parse("block=96")).empty());
}

TEST(Owners, MapsAreRangesOfAddresses)
{
	const auto areas =
		parse_maps("00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/dbus daemon\n"
			   "7ffc0000-7ffc1000 rw-p 00000000 00:00 0 [stack]\n"
			   "rubbish\n"
			   "2000-1000 rw-p 00000000 00:00 0\n"
			   "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n");
	ASSERT_EQ(areas.size(), 2u);
	EXPECT_EQ(areas[0].first, 0x400000u);
	EXPECT_EQ(areas[0].end, 0x452000u);
	EXPECT_TRUE(areas[0].holds(0x451fff));
	EXPECT_FALSE(areas[0].holds(0x452000));
	EXPECT_EQ(areas[1].first, 0x7ffc0000u);
}

TEST(Owners, APageMapEntryHasAPageOrNone)
{
	EXPECT_EQ(mapped_pfn(uint64_t{1} << 63 | 0x300000), 0x300000u);
	EXPECT_EQ(mapped_pfn(uint64_t{1} << 63 | uint64_t{1} << 55 | uint64_t{1} << 61 | 5), 5u);
	EXPECT_EQ(mapped_pfn(uint64_t{1} << 62 | 0x300000), std::nullopt) << "swapped out";
	EXPECT_EQ(mapped_pfn(0), std::nullopt);
}

TEST(Owners, FixedBuffersAreInTheRingsFdinfo)
{
	const auto buffers = parse_fixed_buffers("pos:\t0\nSqMask:\t0x7\nUserFiles:\t1\n"
						 "    0: 0x10/20\nUserBufs:\t3\n"
						 "    0: 0x7f12a0000000/8192\n    1: <none>\n"
						 "    2: 0x7f12b0000800/4096\nPollList:\n"
						 "    3: 0x1000/4096\n");
	ASSERT_EQ(buffers.size(), 2u);
	EXPECT_EQ(buffers[0].first, 0x7f12a0000000u);
	EXPECT_EQ(buffers[0].end, 0x7f12a0002000u);
	EXPECT_EQ(buffers[1].first, 0x7f12b0000800u);
	EXPECT_TRUE(parse_fixed_buffers("UserBufs:\t0\n").empty());
	EXPECT_TRUE(parse_fixed_buffers("").empty());
}

} // namespace
} // namespace memhp
