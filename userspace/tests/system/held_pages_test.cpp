// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/held_pages.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "memhp/abi.h"
#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

using Blocks = std::set<uint64_t>;

constexpr auto pages_path = "sys/kernel/debug/memhp/pages";
constexpr auto patience = std::chrono::seconds(10);
/// Two blocks whose records do not overlap: the number is the position in the file.
constexpr uint64_t low = 0;
constexpr uint64_t high = 2000;
static_assert(high > MEMHP_PAGES_RECORD_MAX);

class Held : public testing::Test
{
protected:
	Held() : root(open(tree.root().c_str(), O_PATH | O_DIRECTORY)), held(root.get(), 0) {}

	static std::string record(uint64_t block, const std::string &first)
	{
		const auto text = "block=" + std::to_string(block) + " held_first=" + first;
		return text + std::string(high - text.size(), '\n');
	}
	/// As the module words it: "0x10:anon:2:1,…", or "-".
	void set(const std::string &of_low, const std::string &of_high)
	{
		tree.write(pages_path, record(low, of_low) + record(high, of_high));
	}

	Tree tree;
	Fd root;
	HeldPages held;
};

TEST_F(Held, WithoutTheModuleNothingIs)
{
	EXPECT_EQ(held.among({low, high}, patience), Blocks());
	EXPECT_FALSE(held.still_held(low));
}

TEST_F(Held, AreTheBlocksInWhichAPageIs)
{
	set("-", "0x7d0001:anon:2:1");
	EXPECT_EQ(held.among({low, high}, patience), (Blocks{high}));
	EXPECT_EQ(held.among({low}, patience), Blocks());
	EXPECT_EQ(held.among({high}, Time()), Blocks()) << "no time to look";
}

TEST_F(Held, IsStillWhatWasAtFirst)
{
	set("-", "0x7d0001:anon:2:1,0x7d0002:file:9:8");
	EXPECT_FALSE(held.still_held(low));
	EXPECT_TRUE(held.still_held(high));
	set("0x1:anon:2:1", "0x7d0002:file:9:8,0x7d0003:anon:2:1");
	EXPECT_TRUE(held.still_held(high)) << "one of the two";
	set("0x1:anon:2:1", "0x7d0003:anon:2:1");
	EXPECT_FALSE(held.still_held(high)) << "another one may be there for a moment only";
	EXPECT_TRUE(held.still_held(low));
	EXPECT_TRUE(held.still_held(high)) << "after another attempt it begins anew";
}

} // namespace
} // namespace memhp
