// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "machine_fixture.h"

namespace memhp
{
namespace
{

/// Debian 12 in QEMU: boot memory, a virtio-mem device on node 0 and a DIMM on node 1, of which
/// memhpctl had taken two blocks offline; with the module.
class Bookworm : public testing::Test
{
protected:
	std::vector<Block> blocks() const
	{
		auto sysfs = opened(*tree);
		const Kmod kmod(sysfs.root_fd());
		sysfs.set_early([&] { return kmod.early_blocks(); });
		return scanned(sysfs);
	}

	std::unique_ptr<MachineTree> tree = recorded_machine("bookworm");
	const uint64_t block_size = gib / 8;
};

TEST_F(Bookworm, IsListed)
{
	EXPECT_EQ(listed(*tree),
		  "RANGE                                  SIZE  STATE    ZONE            NODE  "
		  "SOURCE      DEVICE\n"
		  "0x0000000000000000-0x0000000007ffffff  128M  online   none               0  "
		  "boot        -\n"
		  "0x0000000008000000-0x000000007fffffff  1.9G  online   DMA32              0  "
		  "boot        -\n"
		  "0x0000000100000000-0x000000011fffffff  512M  online   Movable            0  "
		  "virtio-mem  virtio0\n"
		  "0x0000000300000000-0x000000030fffffff  256M  online   Movable            1  "
		  "acpi-dimm   PNP0C80:00\n"
		  "0x0000000310000000-0x000000031fffffff  256M  offline  Movable/Normal     1  "
		  "acpi-dimm   PNP0C80:00\n"
		  "0x0000000320000000-0x000000033fffffff  512M  online   Movable            1  "
		  "acpi-dimm   PNP0C80:00");
	const auto with_module =
		run(MEMHPCTL, {"--sysroot", tree->root(), "list", "-o", "by", "98"});
	EXPECT_EQ(with_module.out, "BY\nmemhp-writer");
}

TEST_F(Bookworm, IsReconciled)
{
	Reconciled machine(*tree);
	ASSERT_TRUE(machine.run(2)) << "nobody knows that it was on purpose";
	EXPECT_EQ(machine.order(), (Numbers{99, 98})) << "98 is the hole";
	EXPECT_EQ(machine.writes().front(), "1 online") << "block 0 is in no zone";

	machine.entries.at(98).standing = Standing::deliberate;
	machine.entries.at(98).online = false;
	tree->write(MachineTree::dir(98) + "/state", "offline\n");
	ASSERT_TRUE(machine.run(0, machine.entries));
	EXPECT_EQ(machine.order().size(), 2u);
	EXPECT_EQ(tree->state(98), "offline");
}

TEST_F(Bookworm, IsChangedInTheOrderOfItsZones)
{
	const struct {
		const char *target;
		bool force;
		Numbers order;
		Numbers already;
		Numbers left_to_host;
	} cases[] = {
		{"device:PNP0C80:00", false, {97, 103, 102, 101, 100, 96}, {98, 99}, {}},
		{"zone:movable", false, {97, 103, 102, 101, 100, 96}, {}, {32, 33, 34, 35}},
		{"device:virtio0", true, {33, 35, 34, 32}, {}, {}},
		{"256M", false, {102, 103, 101, 100, 97, 15}, {98, 99}, {32, 33, 34, 35}},
	};
	for (const auto &[word, force, order, already, left_to_host] : cases) {
		const auto offline = select_offline(target(word), blocks(), block_size, force);
		ASSERT_TRUE(offline) << word << ": " << offline.error().message;
		auto tried = offline->blocks;
		tried.resize(std::min(tried.size(), order.size()));
		EXPECT_EQ(tried, order) << word;
		EXPECT_EQ(offline->already, already) << word;
		EXPECT_EQ(offline->left_to_host, left_to_host) << word;
	}
	const auto online =
		select_online(target("98-99"), blocks(), block_size, OnlineType::movable);
	ASSERT_TRUE(online) << online.error().message;
	EXPECT_EQ(online->blocks, (Numbers{99, 98}));
}

TEST_F(Bookworm, PolicyDecidesOnItsDevices)
{
	EXPECT_EQ(verdicts(blocks(), block_size),
		  (Lines{"- 16 -", "virtio0 4 movable by online.action",
			 "PNP0C80:00 8 movable by online.action"}));
	Config config;
	config.online.rules.resize(2);
	config.online.rules[0].source = Source::virtio_mem;
	config.online.rules[0].action = OnlineAction::kernel;
	config.online.rules[1].nodes = {1};
	config.online.rules[1].min_size = gib;
	config.online.rules[1].action = OnlineAction::leave;
	EXPECT_EQ(verdicts(blocks(), block_size, config),
		  (Lines{"- 16 -", "virtio0 4 kernel by rule 1 (source=virtio-mem)",
			 "PNP0C80:00 8 leave by rule 2 (node=1 min_size=1G)"}));
}

/// The same machine as a user sees it who may not read addresses and the module's files.
TEST(BookwormAsNobody, GuessesNoSource)
{
	const auto tree = recorded_machine("bookworm-nobody");
	EXPECT_FALSE(Kmod(opened(*tree).root_fd()).check());
	EXPECT_EQ(verdicts(scanned(opened(*tree)), gib / 8),
		  (Lines{"- 16 movable by online.action", "- 4 movable by online.action",
			 "PNP0C80:00 8 movable by online.action"}));
	const auto list = listed(*tree);
	EXPECT_EQ(list.find("virtio-mem"), std::string::npos) << list;
	EXPECT_EQ(list.find("boot"), std::string::npos) << list;
	EXPECT_NE(list.find("acpi-dimm  PNP0C80:00"), std::string::npos) << list;
}

TEST(BookwormAsNobody, IsOrderedAndReconciledAllTheSame)
{
	const auto tree = recorded_machine("bookworm-nobody");
	const auto offline =
		select_offline(target("node:1"), scanned(opened(*tree)), gib / 8, false);
	ASSERT_TRUE(offline) << offline.error().message;
	EXPECT_EQ(offline->blocks, (Numbers{97, 103, 102, 101, 100, 96}));
	Reconciled machine(*tree);
	ASSERT_TRUE(machine.run(2));
	EXPECT_EQ(machine.order(), (Numbers{99, 98}));
}

} // namespace
} // namespace memhp
