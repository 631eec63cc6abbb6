// SPDX-License-Identifier: GPL-2.0-only
#include "core/memory/presence.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Presence, CountsEachBlockOnceWhateverIsSaidOfIt)
{
	Presence presence;
	presence.set(1, true);
	presence.set(1, true);
	presence.set(2, false);
	EXPECT_EQ(presence.present(), 2u);
	EXPECT_EQ(presence.online(), 1u);
	presence.set(2, true);
	presence.set(1, false);
	presence.set(1, false);
	EXPECT_EQ(presence.online(), 1u);
	presence.remove(2);
	presence.remove(7);
	EXPECT_EQ(presence.present(), 1u);
	EXPECT_EQ(presence.online(), 0u);
	presence.clear();
	EXPECT_EQ(presence.present(), 0u);
}

} // namespace
} // namespace memhp
