// SPDX-License-Identifier: GPL-2.0-only
#include "core/policy.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr Time since = std::chrono::seconds(100);
constexpr Time grace = std::chrono::seconds(10);
constexpr auto by_default = OnlineType::by_default;
constexpr auto movable = OnlineType::movable;
constexpr auto kernel = OnlineType::kernel;

std::string describe(const Decision &decision)
{
	if (const auto *online = std::get_if<Online>(&decision))
		return std::string(to_string(online->type));
	if (const auto *later = std::get_if<NotYet>(&decision))
		return "until " + format_duration(later->until);
	return "nothing";
}

TEST(Decide, FollowsTheTable)
{
	const struct {
		OnlineAction action;
		Source source;
		std::optional<OnlineType> kernel_default;
		Time waited;
		const char *decision;
	} cases[] = {
		{OnlineAction::movable, Source::acpi_dimm, {}, Time(0), "online_movable"},
		{OnlineAction::movable, Source::virtio_mem, by_default, Time(0), "online_movable"},
		{OnlineAction::movable, Source::unknown, {}, Time(0), "online_movable"},
		{OnlineAction::kernel, Source::acpi_dimm, {}, Time(0), "online_kernel"},
		{OnlineAction::kernel_default, Source::acpi_dimm, movable, Time(0), "online"},
		{OnlineAction::offline, Source::acpi_dimm, by_default, grace * 9, "nothing"},

		{OnlineAction::leave, Source::acpi_dimm, {}, Time(0), "nothing"},
		{OnlineAction::leave, Source::acpi_dimm, {}, grace * 9, "nothing"},
		{OnlineAction::leave, Source::acpi_dimm, kernel, Time(0), "until 1m50s"},
		{OnlineAction::leave, Source::acpi_dimm, kernel, grace - Time(1), "until 1m50s"},
		{OnlineAction::leave, Source::acpi_dimm, kernel, grace, "online_kernel"},
		{OnlineAction::leave, Source::acpi_dimm, by_default, grace, "online"},

		// daxctl's memory is left to daxctl whatever the action.
		{OnlineAction::movable, Source::dax_kmem, {}, grace * 9, "nothing"},
		{OnlineAction::movable, Source::dax_kmem, by_default, Time(0), "until 1m50s"},
		{OnlineAction::kernel, Source::dax_kmem, movable, grace, "online_movable"},
	};
	OnlinePolicy policy;
	policy.owner_grace = grace;
	for (const auto &[action, source, kernel_default, waited, decision] : cases) {
		policy.action = action;
		EXPECT_EQ(describe(decide(policy, source, kernel_default, since, since + waited)),
			  decision)
			<< to_string(action) << " for " << to_string(source);
	}
}

TEST(OnlineActionWords, AreThoseOfTheConfiguration)
{
	for (const auto action :
	     {OnlineAction::movable, OnlineAction::kernel, OnlineAction::kernel_default,
	      OnlineAction::leave, OnlineAction::offline})
		EXPECT_EQ(parse_online_action(to_string(action)), action);
	EXPECT_EQ(to_string(OnlineAction::kernel_default), "kernel-default");
	EXPECT_EQ(parse_online_action("Movable"), std::nullopt);
	EXPECT_EQ(parse_online_action(""), std::nullopt);
}

} // namespace
} // namespace memhp
