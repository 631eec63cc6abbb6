// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/dax.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr auto movable = OnlineType::movable;

TEST(NextDaxWrite, GoesOnlineByWayOfUnplugged)
{
	const struct {
		const char *state;
		bool emptied;
		std::optional<std::string> write;
	} cases[] = {
		{"offline", false, "unplugged"},
		{"unplugged", false, "online_movable"}, // by its owner, or by us before a crash
		{"unplugged", true, "online_movable"},
		{"online_movable", true, std::nullopt},
		// Its blocks are offline, so this is what it was written to long ago.
		{"online_movable", false, "unplugged"},
		{"online", false, "unplugged"},
		// Somebody else was faster, and has it online.
		{"online_kernel", true, std::nullopt},
		{"online", true, std::nullopt},
		// The driver was bound anew in between.
		{"offline", true, "unplugged"},
		{"unknown", false, "unplugged"},
		{"", true, "unplugged"},
	};
	for (const auto &[state, emptied, write] : cases)
		EXPECT_EQ(next_dax_write(state, movable, emptied), write)
			<< state << ", emptied " << emptied;
}

TEST(NextDaxWrite, WritesTheWordOfTheType)
{
	EXPECT_EQ(next_dax_write("unplugged", OnlineType::kernel, true), "online_kernel");
	EXPECT_EQ(next_dax_write("unplugged", OnlineType::by_default, true), "online");
}

} // namespace
} // namespace memhp
