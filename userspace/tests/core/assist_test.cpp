// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/assist.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Lines = std::vector<std::string>;

AssistFiles files()
{
	AssistFiles files;
	files.reclaim = {{1, "node1/reclaim"}};
	files.compact = {{0, "node0/compact"}, {1, "node1/compact"}};
	files.huge_pages = {{"node1/2M", 10, 4}, {"node1/1G", 1, 0}, {"node0/2M", 3, 3}};
	return files;
}

Lines writes(const std::vector<Assist> &wanted, const std::set<int> &nodes)
{
	Lines lines;
	for (const auto &write : assist_writes(wanted, nodes, files(), 128))
		lines.push_back(write.path + " " + write.value);
	return lines;
}

TEST(AssistWrites, AreWhatIsWanted)
{
	const std::string drop = "proc/sys/vm/drop_caches ";
	const struct {
		const char *name;
		std::vector<Assist> wanted;
		std::set<int> nodes;
		Lines lines;
	} cases[] = {
		{"nothing", {}, {0, 1}, {}},
		{"compact", {Assist::compact}, {0, 1}, {"node0/compact 1", "node1/compact 1"}},
		{"a node without a file", {Assist::compact}, {2}, {}},
		{"reclaim of a node", {Assist::reclaim}, {1}, {"node1/reclaim 128"}},
		{"reclaim of the machine", {Assist::reclaim}, {0}, {drop + "1"}},
		{"of both", {Assist::reclaim}, {0, 1}, {"node1/reclaim 128", drop + "1"}},
		{"slab", {Assist::slab}, {1}, {drop + "2"}},
		{"caches", {Assist::slab, Assist::reclaim}, {0}, {drop + "3"}},
		{"huge pages", {Assist::hugepages}, {0, 1}, {"node1/2M 6", "node0/2M 0"}},
		{"all",
		 {Assist::compact, Assist::slab, Assist::hugepages, Assist::reclaim},
		 {1},
		 {"node1/2M 6", "node0/2M 0", "node1/reclaim 128", drop + "2", "node1/compact 1"}},
	};
	for (const auto &[name, wanted, nodes, lines] : cases)
		EXPECT_EQ(writes(wanted, nodes), lines) << name;
}

TEST(Restored, IsWhatWasFoundUnlessSomebodyElseWantsAnother)
{
	EXPECT_EQ(restored({10, 6}, 6), 10u);
	EXPECT_EQ(restored({10, 6}, 2), 10u) << "an offline takes free huge pages too";
	EXPECT_EQ(restored({10, 6}, 8), std::nullopt);
	EXPECT_EQ(restored({10, 6}, 12), std::nullopt);
	EXPECT_EQ(restored({10, 10}, 10), std::nullopt) << "nothing was given back";
	EXPECT_EQ(restored({10, 10}, 7), 10u) << "but went with the memory";
	EXPECT_EQ(restored({10, 0}, 0), 10u);
}

} // namespace
} // namespace memhp
