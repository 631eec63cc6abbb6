// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/hooks.h"

#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t block = 1 << 27;

Settled example()
{
	Settled settled;
	settled.before = {8 * block, 0, block, 2 * block};
	settled.after = {8 * block, 2 * block, block, 0};
	settled.block_size = block;
	settled.config = "/etc/memhp/memhpd.toml";
	settled.directory = "/etc/memhp/settled.d";
	return settled;
}

TEST(HookEnvironment, HasTheTotalsOfBothSides)
{
	EXPECT_EQ(environment(example()), (Variables{
						  {"MEMHP_ONLINE_BEFORE", "1207959552"},
						  {"MEMHP_ONLINE_AFTER", "1476395008"},
						  {"MEMHP_MOVABLE_BEFORE", "0"},
						  {"MEMHP_MOVABLE_AFTER", "268435456"},
						  {"MEMHP_KERNEL_BEFORE", "1073741824"},
						  {"MEMHP_KERNEL_AFTER", "1073741824"},
						  {"MEMHP_OTHER_BEFORE", "134217728"},
						  {"MEMHP_OTHER_AFTER", "134217728"},
						  {"MEMHP_OFFLINE_BEFORE", "268435456"},
						  {"MEMHP_OFFLINE_AFTER", "0"},
						  {"MEMHP_BLOCKS_BEFORE", "9"},
						  {"MEMHP_BLOCKS_AFTER", "11"},
						  {"MEMHP_BLOCK_SIZE", "134217728"},
						  {"MEMHP_CONFIG", "/etc/memhp/memhpd.toml"},
						  {"MEMHP_SETTLED_DIR", "/etc/memhp/settled.d"},
					  }));
}

TEST(HookEnvironment, IsWhatTheDocumentationLists)
{
	std::ostringstream text;
	text << std::ifstream(MEMHP_DOCUMENTATION "/policy.md").rdbuf();
	const auto page = text.str();
	std::set<std::string> documented;
	for (size_t at = 0; (at = page.find("`MEMHP_", at)) != std::string::npos;) {
		const auto end = page.find('`', at + 1);
		documented.insert(page.substr(at + 1, end - at - 1));
		at = end + 1;
	}
	std::set<std::string> real;
	for (const auto &[name, value] : environment(example()))
		real.insert(name);
	EXPECT_EQ(documented, real);
}

TEST(HookEnvironment, SurvivesTheWayThroughAFile)
{
	auto settled = example();
	settled.config = "/tmp/a b\n=\\x41\t\x7fü";
	settled.directory = "";
	const auto text = to_lines(environment(settled));
	EXPECT_NE(text.find("MEMHP_SETTLED_DIR=\n"), std::string::npos) << text;
	const auto lines = parse_lines(text);
	ASSERT_TRUE(lines) << lines.error().message;
	const auto back = settled_from(*lines);
	ASSERT_TRUE(back) << back.error().message;
	EXPECT_EQ(back->before, settled.before);
	EXPECT_EQ(back->after, settled.after);
	EXPECT_EQ(back->block_size, settled.block_size);
	EXPECT_EQ(back->config, settled.config);
	EXPECT_EQ(back->directory, settled.directory);
}

TEST(HookEnvironment, RefusesWhatIsNone)
{
	for (const auto *text :
	     {"", "lunch\n", "=1\n", "PATH=/tmp\n", "LD_PRELOAD=/tmp/x\n", "MEMHP_A=\\x4\n"})
		EXPECT_FALSE(parse_lines(text)) << text;

	auto variables = environment(example());
	for (size_t i = 0; i < variables.size(); ++i) {
		auto lacking = variables;
		lacking.erase(lacking.begin() + static_cast<std::ptrdiff_t>(i));
		// The sums follow from the parts.
		const auto &name = variables[i].first;
		const bool sum = name.find("_ONLINE_") != std::string::npos ||
				 name.find("_BLOCKS_") != std::string::npos;
		const auto settled = settled_from(lacking);
		EXPECT_EQ(settled.has_value(), sum) << name;
		if (!settled) {
			EXPECT_EQ(settled.error().message, name + " is missing");
		}
	}
	for (const auto *value : {"", "-1", "many", "18446744073709551616"}) {
		auto wrong = variables;
		wrong[2].second = value;
		EXPECT_FALSE(settled_from(wrong)) << value;
	}
}

TEST(HookName, LeavesOutWhatEditorsAndPackagesLeaveBehind)
{
	for (const auto *name : {"10-kdump", "kdump.sh", "a", "90_tell", "B", "x.py", "old"})
		EXPECT_TRUE(is_hook_name(name)) << name;
	for (const auto *name :
	     {"", ".", "..", ".hidden", "10-kdump~", "#10-kdump#", "a.bak", "a.dpkg-old",
	      "a.dpkg-dist", "a.rpmsave", "a.ucf-dist", "a.swp", "a.orig", "a.disabled"})
		EXPECT_FALSE(is_hook_name(name)) << name;
}

} // namespace
} // namespace memhp
