// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/eject.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

using Words = std::vector<std::string>;

TEST(DeviceToEject, IsOneWholeDevice)
{
	const auto named = [](const Words &words) {
		return device_to_eject(parse_target(words).value());
	};
	EXPECT_EQ(named({"device:PNP0C80:01"}).value(), "PNP0C80:01");
	const Words others[] = {{"4G"},
				{"all"},
				{"32-35"},
				{"node:1"},
				{"zone:movable"},
				{"0x100000000-0x107ffffff"},
				{"device:PNP0C80:01", "device:PNP0C80:02"},
				{"device:PNP0C80:01", "1G"},
				{"device:PNP0C80:01", "all"},
				{"device:PNP0C80:01", "node:1"}};
	for (const auto &words : others) {
		const auto refused = named(words);
		ASSERT_FALSE(refused) << words.back();
		EXPECT_NE(refused.error().message.find("is not one whole device"),
			  std::string::npos);
	}
}

TEST(MayEject, NamesTheRightWayWhereItCannot)
{
	const struct {
		Source source;
		bool file;
		bool enabled;
		bool force;
		const char *why; ///< null: it can
	} cases[] = {
		{Source::acpi_dimm, true, true, false, nullptr},
		{Source::acpi_dimm, false, true, true, "there is no file eject"},
		{Source::acpi_dimm, true, false, true, "echo 1 >/sys/firmware/acpi/hotplug"},
		{Source::unknown, true, true, false, nullptr},
		{Source::unknown, false, true, false, "there is no file eject"},
		{Source::boot, true, true, false, "add --force"},
		{Source::boot, true, true, true, nullptr},
		{Source::boot, false, true, true, "there is no file eject"},
		{Source::virtio_mem, true, true, true, "a smaller requested-size"},
		{Source::dax_kmem, true, true, true,
		 "daxctl reconfigure-device --mode=devdax --force D"},
		{Source::hv_balloon, true, true, true, "Set-VMMemory"},
		{Source::xen_balloon, true, true, true, "xl mem-set"},
	};
	for (const auto &one : cases) {
		auto block = online_block(32);
		block.source = one.source;
		const auto result = may_eject("D", {{block}, one.file, one.enabled}, one.force);
		EXPECT_EQ(result.has_value(), one.why == nullptr) << to_string(one.source);
		if (result || !one.why)
			continue;
		EXPECT_EQ(result.error().message.find("D cannot be ejected: "), 0u);
		EXPECT_NE(result.error().message.find(one.why), std::string::npos)
			<< result.error().message;
	}
}

} // namespace
} // namespace memhp
