// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/kernel_options.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(KernelOptions, ConfigHasWhatIsOn)
{
	const auto config = parse_kernel_config("#\n# Linux 6.1\n"
						"CONFIG_MEMORY_HOTPLUG=y\n"
						"# CONFIG_MEMORY_HOTREMOVE is not set\n"
						"CONFIG_VIRTIO_MEM=m\n"
						"CONFIG_CMDLINE=\"a=b\"\n"
						"lunch=y\nCONFIG_LUNCH\n"
						"CONFIG_LAST=1");
	EXPECT_EQ(config, (KernelConfig{{"MEMORY_HOTPLUG", "y"},
					{"VIRTIO_MEM", "m"},
					{"CMDLINE", "\"a=b\""},
					{"LAST", "1"}}));
	EXPECT_EQ(parse_kernel_config(""), KernelConfig());
}

TEST(KernelOptions, CommandLineIsReadAsTheKernelDoes)
{
	const struct {
		const char *text;
		BootParameters parameters;
	} cases[] = {
		{"", {}},
		{"\n", {}},
		{"ro quiet\n", {{"ro", ""}, {"quiet", ""}}},
		{"memhp-default-state=online  movable_node",
		 {{"memhp_default_state", "online"}, {"movable_node", ""}}},
		{"root=UUID=1-2 a=\"b c\" \"d=e f\"",
		 {{"root", "UUID=1-2"}, {"a", "b c"}, {"d", "e f"}}},
		{"quiet -- movable_node", {{"quiet", ""}}},
		{"a= =b", {{"a", ""}, {"", "b"}}},
		{"a=\"open end", {{"a", "open end"}}},
	};
	for (const auto &[text, parameters] : cases)
		EXPECT_EQ(parse_command_line(text), parameters) << text;
}

} // namespace
} // namespace memhp
