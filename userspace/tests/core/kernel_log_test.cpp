// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/kernel_log.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(KernelMessage, IsReadAsTheKernelWroteIt)
{
	const auto message =
		parse_kernel_message("4,1071,52348911,-;memory memory96: Offline failed.\n"
				     " SUBSYSTEM=memory\n"
				     " DEVICE=+memory:memory96\n");
	ASSERT_TRUE(message) << message.error().message;
	EXPECT_EQ(message->sequence, 1071u);
	EXPECT_EQ(message->text, "memory memory96: Offline failed.");
	EXPECT_EQ(message->device, "+memory:memory96");
}

TEST(KernelMessage, MayHaveMoreInFrontAndNothingBehind)
{
	const auto message = parse_kernel_message("6,7,8,-,caller=T1;a; b, c=d");
	ASSERT_TRUE(message) << message.error().message;
	EXPECT_EQ(message->sequence, 7u);
	EXPECT_EQ(message->text, "a; b, c=d");
	EXPECT_EQ(message->device, "");
}

TEST(KernelMessage, RefusesWhatIsNone)
{
	for (const auto *record : {"", "hello", "6,x,8,-;text", "6;text", "6,,8,-;text"})
		EXPECT_FALSE(parse_kernel_message(record)) << record;
}

TEST(KernelMessage, TellsAFailedUnplug)
{
	const struct {
		const char *text;
		const char *device;
		std::optional<uint64_t> block;
	} cases[] = {
		{"memory memory96: Offline failed.", "+memory:memory96", 96},
		{"memory memory96: Offline disabled.", "+memory:memory96", std::nullopt},
		{"memory memory96: Offline failed.", "", std::nullopt},
		{"memory memory96: Offline failed.", "+memory:memory97", std::nullopt},
		{"processor cpu1: Offline failed.", "+cpu:cpu1", std::nullopt},
		{"memory memory: Offline failed.", "+memory:memory", std::nullopt},
		{"memory memory9x: Offline failed.", "+memory:memory9x", std::nullopt},
		{"memory memory-1: Offline failed.", "+memory:memory-1", std::nullopt},
	};
	for (const auto &[text, device, block] : cases)
		EXPECT_EQ(failed_unplug({1, text, device}), block) << text << " " << device;
}

} // namespace
} // namespace memhp
