// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/dynamic_debug.h"

#include <optional>

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

constexpr auto control = "proc/dynamic_debug/control";
constexpr auto off =
	"mm/memory_hotplug.c:1932 [memory_hotplug]offline_pages =_ \"failed: %s\\n\"\n";
constexpr auto on = "mm/memory_hotplug.c:1940 [memory_hotplug]offline_pages =pf \"Pages %ld\\n\"\n";

/// A plain file keeps what stands behind the words that were written last.
class DebugOfTree : public testing::Test
{
protected:
	bool wrote(const std::string &words) const
	{
		return tree.read(control).compare(0, words.size(), words) == 0;
	}

	Tree tree;
	Fd root{open(tree.root().c_str(), O_PATH)};
};

TEST_F(DebugOfTree, IsOnAsLongAsItLives)
{
	tree.write(control, std::string(on) + off);
	{
		auto debug = DynamicDebug::enable(root.get(), "offline_pages");
		ASSERT_TRUE(debug) << debug.error().message;
		EXPECT_TRUE(wrote("file mm/memory_hotplug.c line 1932 +p"));
		const auto moved = std::move(*debug);
		EXPECT_TRUE(wrote("file mm/memory_hotplug.c line 1932 +p"));
	}
	EXPECT_TRUE(wrote("file mm/memory_hotplug.c line 1932 -p"));
}

TEST_F(DebugOfTree, WhatIsOnStaysOn)
{
	tree.write(control, on);
	EXPECT_TRUE(DynamicDebug::enable(root.get(), "offline_pages"));
	EXPECT_TRUE(wrote("mm/memory_hotplug.c:1940"));
}

TEST_F(DebugOfTree, TheOlderPlaceDoesAsWell)
{
	tree.write("sys/kernel/debug/dynamic_debug/control", off);
	EXPECT_TRUE(DynamicDebug::enable(root.get(), "offline_pages"));
	EXPECT_FALSE(tree.exists(control));
}

TEST_F(DebugOfTree, AKernelWithoutItSaysSo)
{
	const auto debug = DynamicDebug::enable(root.get(), "offline_pages");
	ASSERT_FALSE(debug);
	EXPECT_NE(debug.error().message.find("dynamic_debug/control"), std::string::npos);
	tree.write(control, off);
	const auto unknown = DynamicDebug::enable(root.get(), "lunch");
	ASSERT_FALSE(unknown);
	EXPECT_NE(unknown.error().message.find("no function lunch"), std::string::npos);
}

} // namespace
} // namespace memhp
