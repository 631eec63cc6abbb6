// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/surroundings.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

constexpr auto hv_driver = "sys/bus/vmbus/drivers/hv_balloon";
constexpr auto hv_device = "1eccfd72-4b41-45ef-b73a-4a6e44c12924";
constexpr auto xen_device = "sys/devices/system/xen_memory/xen_memory0";

class SurroundingsOfTree : public testing::Test
{
protected:
	void bind_hv()
	{
		tree.write(std::string(hv_driver) + "/unbind", "");
		tree.link(std::string(hv_driver) + "/module", "../../../../module/hv_balloon");
		tree.link(std::string(hv_driver) + "/" + hv_device, "../../../../devices/vmbus");
	}

	MachineTree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
};

TEST_F(SurroundingsOfTree, APlainMachineHasNothing)
{
	EXPECT_FALSE(find_balloon(root.get()));
	const auto found = read_surroundings(root.get());
	EXPECT_FALSE(found.dax || found.hv_balloon || found.xen_balloon);
	EXPECT_TRUE(found.nodes.empty());
}

TEST_F(SurroundingsOfTree, HyperVIsADeviceThatTheDriverHas)
{
	bind_hv();
	const auto balloon = find_balloon(root.get());
	ASSERT_TRUE(balloon);
	EXPECT_EQ(balloon->source, Source::hv_balloon);
	EXPECT_EQ(balloon->device, hv_device);
	const auto found = read_surroundings(root.get());
	EXPECT_TRUE(found.hv_balloon);
	EXPECT_FALSE(found.xen_balloon);

	tree.remove(std::string(hv_driver) + "/" + hv_device);
	EXPECT_FALSE(find_balloon(root.get())) << "a driver without a device";
}

TEST_F(SurroundingsOfTree, XenIsTheDeviceOfItsBalloon)
{
	tree.write(std::string(xen_device) + "/target_kb", "1048576\n");
	const auto balloon = find_balloon(root.get());
	ASSERT_TRUE(balloon);
	EXPECT_EQ(balloon->source, Source::xen_balloon);
	EXPECT_EQ(balloon->device, "xen_memory0");
	const auto found = read_surroundings(root.get());
	EXPECT_TRUE(found.xen_balloon);
	EXPECT_FALSE(found.hv_balloon);
}

TEST_F(SurroundingsOfTree, ADaxDeviceCountsWhateverItsDriver)
{
	tree.make_directory("sys/bus/dax/devices");
	EXPECT_FALSE(read_surroundings(root.get()).dax) << "the bus alone";
	tree.add_dax("dax0.0", 40, 41, "");
	EXPECT_TRUE(read_surroundings(root.get()).dax);
}

TEST_F(SurroundingsOfTree, NodesAreThePossibleOnes)
{
	const struct {
		const char *text;
		std::vector<int> nodes;
	} cases[] = {
		{"0\n", {0}},	 {"0-2\n", {0, 1, 2}}, {"0,2-3\n", {0, 2, 3}}, {"", {}},
		{"lunch\n", {}}, {"0-\n", {}},	       {"0-x\n", {}},
	};
	for (const auto &[text, nodes] : cases) {
		tree.write("sys/devices/system/node/possible", text);
		EXPECT_EQ(read_surroundings(root.get()).nodes, nodes) << text;
	}
	tree.write("sys/devices/system/node/possible", "0-99999999999\n");
	EXPECT_EQ(read_surroundings(root.get()).nodes.size(), 4096u) << "bounded";
}

} // namespace
} // namespace memhp
