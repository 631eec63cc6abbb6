// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/load.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

class LoadOfTree : public testing::Test
{
protected:
	Tree tree;
	Fd root = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());

	Result<Load> load(OwnGroup own = OwnGroup::no) { return read_load(root.get(), own); }
};

constexpr auto meminfo = "MemTotal:        2015380 kB\n"
			 "MemFree:          155092 kB\n"
			 "MemAvailable:    1755216 kB\n"
			 "HardwareCorrupted:     8 kB\n";
constexpr auto pressure = "some avg10=12.34 avg60=1.00 avg300=0.10 total=98274\n"
			  "full avg10=7.00 avg60=0.50 avg300=0.05 total=50000\n";

TEST_F(LoadOfTree, ReadsWhatTheKernelSays)
{
	tree.write("proc/meminfo", meminfo);
	tree.write("proc/pressure/memory", pressure);
	const auto found = load();
	ASSERT_TRUE(found) << found.error().message;
	EXPECT_EQ(found->total, uint64_t{2015380} << 10);
	EXPECT_EQ(found->available, uint64_t{1755216} << 10);
	EXPECT_DOUBLE_EQ(found->pressure.value(), 12.34);
	EXPECT_DOUBLE_EQ(found->own_pressure, 0);
	EXPECT_EQ(poisoned_bytes(root.get()).value(), 8192u);
}

TEST_F(LoadOfTree, WithoutFiguresOfMemoryThereIsNoAnswer)
{
	EXPECT_FALSE(load());
	EXPECT_FALSE(poisoned_bytes(root.get()));
	for (const auto *text :
	     {"", "MemTotal: 5 kB\n", "MemTotal: 5 kB\nMemAvailable: -1 kB\n",
	      "MemTotal: 5 kB\nMemAvailable: 3\n", "MemTotal kB : MemAvailable"}) {
		tree.write("proc/meminfo", text);
		EXPECT_FALSE(load()) << text;
		EXPECT_EQ(poisoned_bytes(root.get()).value(), 0u);
	}
}

TEST_F(LoadOfTree, CountsWhatHasMoved)
{
	EXPECT_EQ(moved_pages(root.get()), std::nullopt);
	tree.write("proc/vmstat", "numa_hit 17\npgmigrate_success 32768\npgmigrate_fail 12\n");
	EXPECT_EQ(moved_pages(root.get()), 32768u);
	tree.write("proc/vmstat", "pgmigrate_fail 12\n");
	EXPECT_EQ(moved_pages(root.get()), std::nullopt) << "a kernel without migration";
}

TEST_F(LoadOfTree, PressureIsUnknownWhereItIsNotMeasured)
{
	tree.write("proc/meminfo", meminfo);
	EXPECT_FALSE(load()->pressure);
	for (const auto *text : {"", "full avg10=7.00", "some avg10=", "some avg60=3"}) {
		tree.write("proc/pressure/memory", text);
		ASSERT_TRUE(load());
		EXPECT_FALSE(load()->pressure) << text;
	}
}

TEST_F(LoadOfTree, KnowsWhatIsItsOwn)
{
	tree.write("proc/meminfo", meminfo);
	tree.write("proc/pressure/memory", pressure);
	const std::string group = "sys/fs/cgroup/system.slice/memhpd.service/memory.pressure";
	tree.write(group, "some avg10=5.00 avg60=0.00 avg300=0.00 total=1\n");
	tree.write("sys/fs/cgroup/memory.pressure", pressure);

	tree.write("proc/self/cgroup", "0::/system.slice/memhpd.service\n");
	EXPECT_DOUBLE_EQ(load(OwnGroup::yes)->own_pressure, 5);
	EXPECT_DOUBLE_EQ(load(OwnGroup::no)->own_pressure, 0) << "others may be in the group";
	tree.write("proc/self/cgroup", "0::/\n");
	EXPECT_DOUBLE_EQ(load(OwnGroup::yes)->own_pressure, 0) << "everybody is in it";
	tree.write("proc/self/cgroup", "4:memory:/system.slice/memhpd.service\n");
	EXPECT_DOUBLE_EQ(load(OwnGroup::yes)->own_pressure, 0) << "version 1 has no pressure";
	tree.remove("proc/self/cgroup");
	EXPECT_DOUBLE_EQ(load(OwnGroup::yes)->own_pressure, 0);
}

} // namespace
} // namespace memhp
