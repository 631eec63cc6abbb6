// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/container.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

class ContainerOfTree : public testing::Test
{
protected:
	ContainerOfTree()
	{
		tree.add_container("ACPI0004:00");
		tree.add_container("ACPI0004:01", "ACPI0004:00");
		tree.add_container("ACPI0004:02");
		for (uint64_t block = 40; block < 43; ++block)
			tree.add(block, "online", "Movable");
		tree.own(40, "ACPI0004:00/PNP0C80:03");
		tree.own(41, "ACPI0004:00/ACPI0004:01/PNP0C80:04");
		tree.own(42, "PNP0C80:05");
		tree.add_processor("ACPI0004:00/ACPI0007:05", 12);
		tree.add_processor("ACPI0004:00/ACPI0004:01/ACPI0007:06", 3);
		tree.add_processor("ACPI0007:07", 1);
	}

	Result<Container> read(const std::string &name) const
	{
		return read_container(root.get(), name);
	}

	MachineTree tree;
	Fd root = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());
};

TEST_F(ContainerOfTree, HoldsWhatIsInItAndInThoseInIt)
{
	const auto container = read("ACPI0004:00");
	ASSERT_TRUE(container) << container.error().message;
	EXPECT_EQ(container->containers, (std::vector<std::string>{"ACPI0004:01", "ACPI0004:00"}))
		<< "the innermost first";
	EXPECT_EQ(container->devices,
		  (std::set<std::string>{"ACPI0004:01", "ACPI0007:05", "ACPI0007:06", "PNP0C80:03",
					 "PNP0C80:04"}));
	EXPECT_EQ(container->cpus, (std::vector<uint64_t>{3, 12}));
}

TEST_F(ContainerOfTree, CountsProcessorsThatAreOnline)
{
	tree.write("sys/devices/system/cpu/cpu3/online", "0\n");
	EXPECT_EQ(read("ACPI0004:00")->cpus, std::vector<uint64_t>{12});
	tree.remove("sys/devices/system/cpu/cpu3/online");
	EXPECT_EQ(read("ACPI0004:01")->cpus, std::vector<uint64_t>{3}) << "it cannot go offline";
}

TEST_F(ContainerOfTree, MayBeEmptyOrMissing)
{
	const auto empty = read("ACPI0004:02");
	ASSERT_TRUE(empty);
	EXPECT_TRUE(empty->devices.empty());
	EXPECT_EQ(empty->containers, std::vector<std::string>{"ACPI0004:02"});
	EXPECT_FALSE(read("ACPI0004:09"));
	EXPECT_FALSE(read("PNP0C80:03")) << "a device, but no container";
}

} // namespace
} // namespace memhp
