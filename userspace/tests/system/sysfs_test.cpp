// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/sysfs.h"

#include <gtest/gtest.h>

#include "core/memory/recall.h"
#include "tree.h"

namespace memhp
{
namespace
{

using Numbers = std::vector<uint64_t>;

Sysfs opened(const Tree &tree)
{
	auto sysfs = Sysfs::open(tree.root());
	if (!sysfs)
		throw std::runtime_error(sysfs.error().message);
	return std::move(*sysfs);
}

/// The block `number` as a scan of the whole tree sees it.
Block scanned(const Sysfs &sysfs, uint64_t number)
{
	const auto blocks = sysfs.scan();
	EXPECT_TRUE(blocks) << blocks.error().message;
	for (const auto &block : blocks.value_or(std::vector<Block>()))
		if (block.number == number)
			return block;
	ADD_FAILURE() << "no block " << number;
	return {};
}

TEST(SysfsOpen, ReadsTheBlockSizeAsHexadecimal)
{
	const MachineTree tree;
	EXPECT_EQ(opened(tree).block_size(), uint64_t{128} << 20);
}

TEST(SysfsOpen, ExplainsAMachineWithoutMemoryHotplug)
{
	const Tree tree;
	const auto sysfs = Sysfs::open(tree.root());
	ASSERT_FALSE(sysfs);
	EXPECT_NE(sysfs.error().message.find("CONFIG_MEMORY_HOTPLUG"), std::string::npos);
	EXPECT_NE(sysfs.error().message.find(tree.root()), std::string::npos);
	EXPECT_EQ(sysfs.error().code, std::errc::no_such_file_or_directory);
}

TEST(SysfsOpen, RefusesABlockSizeThatIsNone)
{
	for (const auto *text : {"", "0", "lunch", "0x8000000", "-1"}) {
		const MachineTree tree;
		tree.write("sys/devices/system/memory/block_size_bytes", text);
		EXPECT_FALSE(Sysfs::open(tree.root())) << text;
	}
}

TEST(SysfsOpen, FailsOnARootThatDoesNotExist) { EXPECT_FALSE(Sysfs::open("/nowhere/at/all")); }

TEST(SysfsScan, ListsTheBlocksInOrderOfTheirNumbers)
{
	const MachineTree tree;
	for (const uint64_t number : {10u, 9u, 100u, 0u})
		tree.add(number, "online", "Normal");
	tree.make_directory("sys/devices/system/memory/power");
	tree.make_directory("sys/devices/system/memory/memoryx");
	const auto sysfs = opened(tree);
	EXPECT_EQ(sysfs.numbers().value_or(Numbers()), (Numbers{0, 9, 10, 100}));
	Numbers numbers;
	for (const auto &block : sysfs.scan().value_or(std::vector<Block>()))
		numbers.push_back(block.number);
	EXPECT_EQ(numbers, (Numbers{0, 9, 10, 100}));
}

TEST(SysfsScan, AMachineWithoutBlocksIsNoFailure)
{
	const MachineTree tree;
	const auto blocks = opened(tree).scan();
	ASSERT_TRUE(blocks);
	EXPECT_TRUE(blocks->empty());
}

TEST(SysfsScan, ZonesCountOnlyInASteadyState)
{
	const struct {
		const char *state;
		const char *valid_zones;
		Zone zone;
		ZoneList candidates;
	} cases[] = {
		{"online", "Movable", Zone::movable, {}},
		{"online", "none", Zone::none, {}},
		{"offline", "Movable Normal", Zone::none, {Zone::movable, Zone::normal}},
		{"offline", "Normal Movable", Zone::none, {Zone::normal, Zone::movable}},
		{"offline", "Normal", Zone::none, {Zone::normal}},
		{"going-offline", "Movable Normal", Zone::none, {}},
		{"going-offline", "Movable", Zone::none, {}},
	};
	for (const auto &[state, valid_zones, zone, candidates] : cases) {
		const MachineTree tree;
		tree.add(7, state, valid_zones);
		const auto block = scanned(opened(tree), 7);
		EXPECT_EQ(to_string(block.state), state);
		EXPECT_EQ(block.zone, zone) << state << ", " << valid_zones;
		EXPECT_EQ(block.candidates, candidates) << state << ", " << valid_zones;
		EXPECT_EQ(opened(tree).zone(7).value_or(Zone::device), zone);
	}
}

TEST(SysfsScan, WorksWithoutValidZones)
{
	const MachineTree tree;
	tree.add(7, "online", "Normal");
	tree.remove(MachineTree::dir(7) + "/valid_zones");
	EXPECT_EQ(scanned(opened(tree), 7).zone, Zone::none);
}

TEST(SysfsScan, TakesTheNodeFromTheNodesLinks)
{
	const MachineTree tree;
	tree.add(1, "online", "Normal", 0);
	tree.add(2, "online", "Normal", 3);
	tree.add(3, "online", "none", 0);
	tree.link("sys/devices/system/node/node1/memory3", "../../memory/memory3");
	tree.add(4, "online", "Normal", 0);
	tree.remove("sys/devices/system/node/node0/memory4");
	const auto sysfs = opened(tree);
	EXPECT_EQ(scanned(sysfs, 1).node, 0);
	EXPECT_EQ(scanned(sysfs, 2).node, 3);
	EXPECT_EQ(scanned(sysfs, 3).node, std::nullopt) << "it spans two nodes";
	EXPECT_EQ(scanned(sysfs, 4).node, std::nullopt);
}

TEST(SysfsScan, DoesNotReadTheZonesOfABlockThatTheKernelStillAdds)
{
	const MachineTree tree;
	tree.add(1, "online", "Normal");
	tree.add(2, "offline", "Movable Normal");
	tree.add(3, "offline", "Movable Normal");
	tree.remove("sys/devices/system/node/node0/memory1");
	tree.remove("sys/devices/system/node/node0/memory3");
	const auto sysfs = opened(tree);
	EXPECT_EQ(scanned(sysfs, 1).zone, Zone::normal) << "an online block has a zone of its own";
	EXPECT_EQ(scanned(sysfs, 2).candidates.size(), 2u);
	EXPECT_TRUE(scanned(sysfs, 3).candidates.empty());
	EXPECT_EQ(scanned(sysfs, 3).state, BlockState::offline);
	EXPECT_EQ(sysfs.zone(1), Zone::normal);
	EXPECT_EQ(sysfs.zone(2), Zone::none);

	tree.remove("sys/devices/system/node");
	EXPECT_EQ(scanned(sysfs, 3).candidates.size(), 2u) << "a kernel without nodes";
}

TEST(SysfsScan, TellsLivesApartByTheInode)
{
	const MachineTree tree;
	tree.add(7, "online", "Normal");
	const auto sysfs = opened(tree);
	const auto first = scanned(sysfs, 7).inode;
	EXPECT_NE(first, 0u);
	EXPECT_EQ(scanned(sysfs, 7).inode, first);
	// While both are there they cannot have the same inode.
	tree.add(8, "offline", "Normal");
	tree.remove(MachineTree::dir(7));
	tree.move(MachineTree::dir(8), MachineTree::dir(7));
	EXPECT_NE(scanned(sysfs, 7).inode, first);
}

TEST(SysfsScan, FindsTheDeviceThroughTheFirmwareNode)
{
	const MachineTree tree;
	tree.add(0, "online", "Normal");
	tree.add(1, "online", "Normal");
	tree.add(2, "offline", "Movable Normal");
	tree.add(3, "online", "Normal");
	tree.own(1, "PNP0C80:00");
	tree.own(2, "PNP0C80:01");
	auto sysfs = opened(tree);
	EXPECT_EQ(scanned(sysfs, 0).source, Source::boot);
	EXPECT_EQ(scanned(sysfs, 0).device, "");
	EXPECT_EQ(scanned(sysfs, 1).source, Source::acpi_dimm) << "as far as anybody knows";

	// The module knows better: boot memory has such a link too.
	sysfs.set_early([] { return std::map<uint64_t, bool>{{1, true}, {2, false}, {3, false}}; });
	EXPECT_EQ(scanned(sysfs, 1).source, Source::boot);
	EXPECT_EQ(scanned(sysfs, 1).device, "PNP0C80:00");
	EXPECT_EQ(scanned(sysfs, 2).source, Source::acpi_dimm);
	EXPECT_EQ(scanned(sysfs, 2).device, "PNP0C80:01");
	EXPECT_EQ(scanned(sysfs, 3).source, Source::unknown)
		<< "it came later, nobody knows whence";
}

TEST(SysfsScan, FindsDriversInIomem)
{
	const MachineTree tree;
	for (const uint64_t number : {32u, 33u, 34u, 40u})
		tree.add(number, "online", "Movable");
	tree.write("proc/iomem", "100000000-10fffffff : virtio0\n"
				 "  100000000-10fffffff : System RAM (virtio_mem)\n"
				 "140000000-147ffffff : Persistent Memory\n"
				 "  140000000-147ffffff : dax0.0\n"
				 "    140000000-147ffffff : System RAM (kmem)\n");
	const auto sysfs = opened(tree);
	for (const uint64_t number : {32u, 33u}) {
		EXPECT_EQ(scanned(sysfs, number).source, Source::virtio_mem);
		EXPECT_EQ(scanned(sysfs, number).device, "virtio0");
	}
	EXPECT_EQ(scanned(sysfs, 34).source, Source::boot);
	EXPECT_EQ(scanned(sysfs, 40).source, Source::dax_kmem);
	EXPECT_EQ(scanned(sysfs, 40).device, "dax0.0");
}

/// Blocks 32 to 35 came later, at once; of 33 nobody has made the link. 40 and 41 came one by one.
TEST(SysfsScan, ReadsOneLinkForWhatTheFirmwareAddedAtOnce)
{
	const MachineTree tree;
	for (const uint64_t number : {1u, 2u, 32u, 33u, 34u, 35u, 40u, 41u})
		tree.add(number, "online", "Movable");
	for (const uint64_t number : {1u, 32u, 34u, 35u, 40u})
		tree.own(number, number == 40 ? "PNP0C80:02" : "PNP0C80:01");
	tree.write("proc/iomem", "00000000-17ffffff : System RAM\n"
				 "100000000-117ffffff : System RAM\n"
				 "118000000-11bffffff : System RAM\n"
				 "140000000-147ffffff : System RAM\n"
				 "148000000-14fffffff : System RAM\n");
	auto sysfs = opened(tree);
	sysfs.set_early([] {
		std::map<uint64_t, bool> early = {{1, true}, {2, true}};
		for (const uint64_t number : {32u, 33u, 34u, 35u, 40u, 41u})
			early[number] = false;
		return early;
	});
	EXPECT_EQ(scanned(sysfs, 33).source, Source::acpi_dimm);
	EXPECT_EQ(scanned(sysfs, 33).device, "PNP0C80:01");
	EXPECT_EQ(scanned(sysfs, 35).device, "PNP0C80:01") << "its own: not all of it is in one";
	EXPECT_EQ(scanned(sysfs, 40).device, "PNP0C80:02");
	EXPECT_EQ(scanned(sysfs, 41).device, "") << "added by itself";
	EXPECT_EQ(scanned(sysfs, 2).device, "") << "the boot's memory is of many devices";
}

TEST(SysfsScan, DoesNotReadWhatIsKnown)
{
	const MachineTree tree;
	for (const uint64_t number : {0u, 32u, 33u})
		tree.add(number, number == 33 ? "offline" : "online", "Normal");
	const auto sysfs = opened(tree);
	Recall recall;
	recall.fill(*sysfs.scan());
	for (const uint64_t number : {0u, 32u, 33u})
		tree.write(MachineTree::dir(number) + "/state", "going-offline\n");
	recall.touched(32);
	recall.added(40);
	tree.add(40, "online", "Movable");
	const auto blocks = sysfs.scan({}, &recall);
	ASSERT_TRUE(blocks);
	ASSERT_EQ(blocks->size(), 4u);
	EXPECT_EQ(blocks->at(0).state, BlockState::online);
	EXPECT_EQ(blocks->at(0).zone, Zone::normal);
	EXPECT_EQ(blocks->at(0).source, Source::boot);
	EXPECT_EQ(blocks->at(1).state, BlockState::going_offline) << "touched";
	EXPECT_EQ(blocks->at(2).state, BlockState::offline);
	EXPECT_EQ(blocks->at(3).state, BlockState::offline) << "as its event said";
	EXPECT_EQ(blocks->at(3).source, Source::boot) << "this is found, and how all look here";
	EXPECT_NE(blocks->at(3).inode, 0u);
	EXPECT_EQ(sysfs.scan()->at(0).state, BlockState::going_offline);
}

TEST(SysfsScan, DoesNotGuessWhereIomemHidesTheDrivers)
{
	const MachineTree tree;
	tree.add(32, "online", "Movable");
	tree.add(33, "online", "Movable");
	tree.own(33, "PNP0C80:00");
	tree.write("proc/iomem", "00000000-00000000 : virtio0\n"
				 "  00000000-00000000 : System RAM (virtio_mem)\n");
	const auto sysfs = opened(tree);
	EXPECT_EQ(scanned(sysfs, 32).source, Source::unknown);
	EXPECT_EQ(scanned(sysfs, 33).source, Source::acpi_dimm);
}

/// What a balloon adds is plain memory without a device: all that is not of the boot is its own.
TEST(SysfsScan, GivesABalloonWhatCameLaterAndHasNoDevice)
{
	const struct {
		const char *path;
		const char *device;
		Source source;
	} cases[] = {
		{"sys/bus/vmbus/drivers/hv_balloon/1eccfd72-4b41-45ef-b73a-4a6e44c12924",
		 "1eccfd72-4b41-45ef-b73a-4a6e44c12924", Source::hv_balloon},
		{"sys/devices/system/xen_memory/xen_memory0", "xen_memory0", Source::xen_balloon},
	};
	for (const auto &[path, device, source] : cases) {
		const MachineTree tree;
		for (const uint64_t number : {0u, 1u, 2u, 3u})
			tree.add(number, "online", "Normal");
		tree.own(2, "PNP0C80:01");
		tree.make_directory("elsewhere");
		tree.link(path, tree.path("elsewhere"));
		tree.write("proc/iomem", "18000000-1fffffff : virtio0\n"
					 "  18000000-1fffffff : System RAM (virtio_mem)\n");
		auto sysfs = opened(tree);
		EXPECT_EQ(scanned(sysfs, 1).source, Source::boot) << "as far as anybody knows";
		sysfs.set_early([] {
			return std::map<uint64_t, bool>{
				{0, true}, {1, false}, {2, false}, {3, false}};
		});
		EXPECT_EQ(scanned(sysfs, 0).source, Source::boot);
		EXPECT_EQ(scanned(sysfs, 1).source, source);
		EXPECT_EQ(scanned(sysfs, 1).device, device);
		EXPECT_EQ(scanned(sysfs, 2).source, Source::acpi_dimm);
		EXPECT_EQ(scanned(sysfs, 3).source, Source::virtio_mem);
		tree.write("proc/iomem", "00000000-00000000 : virtio0\n");
		EXPECT_EQ(scanned(sysfs, 1).source, Source::unknown) << "it may be a driver's";
	}
}

TEST(SysfsScan, LeavesOutABlockThatVanishes)
{
	const MachineTree tree;
	tree.add(1, "online", "Normal");
	tree.make_directory(MachineTree::dir(2)); // its files are gone, the directory not yet
	tree.link(MachineTree::dir(3), "nowhere");
	const auto blocks = opened(tree).scan();
	ASSERT_TRUE(blocks) << blocks.error().message;
	ASSERT_EQ(blocks->size(), 1u);
	EXPECT_EQ(blocks->front().number, 1u);
}

TEST(SysfsScan, AnyOtherReadErrorFailsIt)
{
	const MachineTree tree;
	tree.add(1, "online", "Normal");
	tree.make_directory(MachineTree::dir(2) + "/state");
	const auto blocks = opened(tree).scan();
	ASSERT_FALSE(blocks);
	EXPECT_EQ(blocks.error().code, std::errc::is_a_directory);
	EXPECT_NE(blocks.error().message.find("memory2"), std::string::npos);
}

TEST(SysfsState, OfAMissingBlockIsAFailure)
{
	const MachineTree tree;
	tree.add(1, "going-online", "Normal");
	const auto sysfs = opened(tree);
	EXPECT_EQ(sysfs.state(1).value_or(BlockState::unknown), BlockState::going_online);
	ASSERT_FALSE(sysfs.state(2));
	EXPECT_EQ(sysfs.state(2).error().code, std::errc::no_such_file_or_directory);
	EXPECT_FALSE(sysfs.zone(2));
}

} // namespace
} // namespace memhp
