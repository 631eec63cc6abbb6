// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/mode.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using Action = OnlineAction;

OnlineRule rule(Action action, std::optional<Source> source = {}, std::vector<int> nodes = {},
		uint64_t min_size = 0)
{
	return {source, std::move(nodes), {}, min_size, action};
}

OnlinePolicy policy(OnlineMode mode, Action action = Action::movable,
		    std::vector<OnlineRule> rules = {})
{
	OnlinePolicy result;
	result.mode = mode;
	result.action = action;
	result.rules = std::move(rules);
	return result;
}

Surroundings plain()
{
	Surroundings result;
	result.nodes = {0, 1};
	return result;
}

Surroundings with(bool Surroundings::*what)
{
	auto result = plain();
	result.*what = true;
	return result;
}

TEST(ChooseMode, AutoIsTheDaemonUnlessADriverWaits)
{
	const auto automatic = policy(OnlineMode::automatic);
	const struct {
		Surroundings surroundings;
		OnlineMode mode;
		const char *why;
	} cases[] = {
		{plain(), OnlineMode::daemon, "auto: no driver here waits for each block"},
		{with(&Surroundings::hv_balloon), OnlineMode::kernel,
		 "auto: hv-balloon waits for each block"},
		{with(&Surroundings::xen_balloon), OnlineMode::kernel,
		 "auto: xen-balloon waits for each block"},
		{with(&Surroundings::dax), OnlineMode::daemon,
		 "auto: no driver here waits for each block"},
	};
	for (const auto &[surroundings, mode, why] : cases) {
		const auto choice = choose_mode(automatic, surroundings);
		EXPECT_EQ(choice.mode, mode) << why;
		EXPECT_EQ(choice.why, why);
		EXPECT_EQ(choice.action, Action::movable);
	}
}

TEST(ChooseMode, WhatTheConfigurationSays)
{
	const auto hyperv = with(&Surroundings::hv_balloon);
	auto choice = choose_mode(policy(OnlineMode::daemon), hyperv);
	EXPECT_EQ(choice.mode, OnlineMode::daemon);
	EXPECT_EQ(choice.why, "online.mode");
	choice = choose_mode(policy(OnlineMode::kernel), plain());
	EXPECT_EQ(choice.mode, OnlineMode::kernel);
	EXPECT_EQ(choice.why, "online.mode");
}

TEST(ChooseMode, TheFirstDaxDeviceEndsKernelMode)
{
	auto surroundings = with(&Surroundings::dax);
	auto choice = choose_mode(policy(OnlineMode::kernel), surroundings);
	EXPECT_EQ(choice.mode, OnlineMode::daemon);
	EXPECT_EQ(choice.why, "online.mode is kernel, but there are dax devices, whose memory is "
			      "left to daxctl");
	surroundings.hv_balloon = true;
	choice = choose_mode(policy(OnlineMode::automatic), surroundings);
	EXPECT_EQ(choice.mode, OnlineMode::daemon);
	EXPECT_EQ(choice.why, "auto: hv-balloon waits for each block, but there are dax devices, "
			      "whose memory is left to daxctl");
}

TEST(ChooseMode, KernelModeNeedsOneActionForAllThatCanCome)
{
	auto all = plain();
	all.hv_balloon = all.xen_balloon = true;
	const struct {
		const char *what;
		std::vector<OnlineRule> rules;
		Surroundings surroundings;
		OnlineMode mode;
		Action action;
	} cases[] = {
		{"none", {}, plain(), OnlineMode::kernel, Action::movable},
		{"the same action",
		 {rule(Action::movable, Source::virtio_mem)},
		 plain(),
		 OnlineMode::kernel,
		 Action::movable},
		{"another action",
		 {rule(Action::kernel, Source::virtio_mem)},
		 plain(),
		 OnlineMode::daemon,
		 Action::movable},
		{"by size",
		 {rule(Action::kernel, {}, {}, 1 << 30)},
		 plain(),
		 OnlineMode::daemon,
		 Action::movable},
		{"a node that is here",
		 {rule(Action::offline, {}, {1})},
		 plain(),
		 OnlineMode::daemon,
		 Action::movable},
		{"a node that cannot be",
		 {rule(Action::offline, {}, {2, 3})},
		 plain(),
		 OnlineMode::kernel,
		 Action::movable},
		{"one of the nodes",
		 {rule(Action::offline, {}, {1, 3})},
		 plain(),
		 OnlineMode::daemon,
		 Action::movable},
		{"dax without dax devices",
		 {rule(Action::kernel, Source::dax_kmem)},
		 plain(),
		 OnlineMode::kernel,
		 Action::movable},
		{"Hyper-V elsewhere",
		 {rule(Action::kernel, Source::hv_balloon)},
		 plain(),
		 OnlineMode::kernel,
		 Action::movable},
		{"Hyper-V",
		 {rule(Action::kernel, Source::hv_balloon)},
		 all,
		 OnlineMode::daemon,
		 Action::movable},
		{"Xen elsewhere",
		 {rule(Action::kernel, Source::xen_balloon)},
		 plain(),
		 OnlineMode::kernel,
		 Action::movable},
		{"Xen",
		 {rule(Action::kernel, Source::xen_balloon)},
		 all,
		 OnlineMode::daemon,
		 Action::movable},
		{"boot memory",
		 {rule(Action::kernel, Source::boot)},
		 plain(),
		 OnlineMode::kernel,
		 Action::movable},
		{"one for everything",
		 {rule(Action::kernel)},
		 plain(),
		 OnlineMode::kernel,
		 Action::kernel},
		{"one for everything, behind another",
		 {rule(Action::movable, Source::virtio_mem), rule(Action::kernel)},
		 plain(),
		 OnlineMode::daemon,
		 Action::kernel},
	};
	for (const auto &[what, rules, surroundings, mode, action] : cases) {
		const auto choice = choose_mode(policy(OnlineMode::kernel, Action::movable, rules),
						surroundings);
		EXPECT_EQ(choice.mode, mode) << what << ": " << choice.why;
		EXPECT_EQ(choice.action, action) << what;
	}
}

TEST(ChooseMode, NamesTheRuleInTheWay)
{
	const auto choice = choose_mode(
		policy(OnlineMode::kernel, Action::movable,
		       {rule(Action::movable, Source::acpi_dimm), rule(Action::kernel, {}, {1})}),
		plain());
	EXPECT_EQ(choice.why, "online.mode is kernel, but rule 2 (node=1) wants kernel, other "
			      "memory movable");
}

TEST(ChooseMode, TheKernelCanNeitherWaitNorKeepOffline)
{
	for (const auto action : {Action::leave, Action::offline})
		EXPECT_EQ(choose_mode(policy(OnlineMode::kernel, action), plain()).mode,
			  OnlineMode::daemon);
	for (const auto action : {Action::movable, Action::kernel, Action::kernel_default})
		EXPECT_EQ(choose_mode(policy(OnlineMode::kernel, action), plain()).mode,
			  OnlineMode::kernel);
}

std::string text(const SettingValues &values)
{
	std::string result;
	for (const auto &[setting, value] : values)
		result += std::string(to_string(setting)) + "=" + value + " ";
	return result;
}

TEST(WantedSettings, FollowTheAction)
{
	const std::string movable =
		"auto_movable_ratio=1600 auto_movable_numa_aware=N online_policy=auto-movable ";
	const std::string kernel = "auto_movable_ratio=0 online_policy=auto-movable ";
	const struct {
		OnlineMode mode;
		Action action;
		std::string wanted;
	} cases[] = {
		{OnlineMode::daemon, Action::movable, movable + "auto_online_blocks=offline "},
		{OnlineMode::daemon, Action::kernel, kernel + "auto_online_blocks=offline "},
		{OnlineMode::daemon, Action::kernel_default, "auto_online_blocks=offline "},
		{OnlineMode::daemon, Action::leave, "auto_online_blocks=offline "},
		{OnlineMode::daemon, Action::offline, "auto_online_blocks=offline "},
		{OnlineMode::kernel, Action::movable, movable + "auto_online_blocks=online "},
		{OnlineMode::kernel, Action::kernel, kernel + "auto_online_blocks=online_kernel "},
		{OnlineMode::kernel, Action::kernel_default, "auto_online_blocks=online "},
	};
	for (const auto &[mode, action, wanted] : cases)
		EXPECT_EQ(text(wanted_settings(policy(mode, action), {mode, action, ""})), wanted);
}

TEST(WantedSettings, TheRatioIsThePolicysBound)
{
	const struct {
		BeyondRatio beyond;
		double max;
		std::optional<double> hard;
		const char *ratio;
	} cases[] = {
		{BeyondRatio::warn, 4, 16.0, "1600"},
		{BeyondRatio::warn, 4, 2.5, "250"},
		{BeyondRatio::warn, 4, std::nullopt, "1000000"},
		{BeyondRatio::kernel, 4, 16.0, "400"},
		{BeyondRatio::offline, 1.5, 16.0, "150"},
		{BeyondRatio::kernel, 0, 16.0, "0"},
	};
	for (const auto &[beyond, max, hard, ratio] : cases) {
		auto one = policy(OnlineMode::daemon);
		one.beyond_ratio = beyond;
		one.max_movable_ratio = max;
		one.hard_ratio = hard;
		EXPECT_EQ(wanted_settings(one, {})[KernelSetting::auto_movable_ratio], ratio);
	}
}

TEST(WantedSettings, InKernelModeTheBoundHoldsForNewBlocks)
{
	constexpr bool old_kernel = false;
	const struct {
		BeyondRatio beyond;
		std::optional<double> hard;
		KernelSide kernel;
		const char *online;
	} cases[] = {
		{BeyondRatio::warn, 16.0, {}, "online"},
		{BeyondRatio::warn, std::nullopt, {}, "online_movable"},
		{BeyondRatio::kernel, std::nullopt, {}, "online"},
		{BeyondRatio::warn, 16.0, {true, true}, "online_kernel"},
		{BeyondRatio::warn, 16.0, {old_kernel, false}, "online_movable"},
		{BeyondRatio::kernel, 16.0, {old_kernel, true}, "online_kernel"},
	};
	for (const auto &[beyond, hard, kernel, online] : cases) {
		auto one = policy(OnlineMode::kernel);
		one.beyond_ratio = beyond;
		one.hard_ratio = hard;
		const auto choice = choose_mode(one, plain());
		EXPECT_EQ(choice.mode, OnlineMode::kernel);
		EXPECT_EQ(wanted_settings(one, choice, kernel)[KernelSetting::auto_online_blocks],
			  online);
	}
}

TEST(WantedSettings, PerNodeIsTheKernelsNumaAwareness)
{
	auto one = policy(OnlineMode::daemon);
	one.ratio_per_node = true;
	EXPECT_EQ(wanted_settings(one, {})[KernelSetting::auto_movable_numa_aware], "Y");
}

TEST(ChooseMode, TheKernelLeavesNothingOfflineBeyondTheRatio)
{
	auto one = policy(OnlineMode::kernel);
	one.beyond_ratio = BeyondRatio::offline;
	const auto choice = choose_mode(one, plain());
	EXPECT_EQ(choice.mode, OnlineMode::daemon);
	EXPECT_EQ(choice.why, "online.mode is kernel, but online.beyond_ratio is offline, and the "
			      "kernel leaves nothing offline");
	one.action = Action::kernel;
	EXPECT_EQ(choose_mode(one, plain()).mode, OnlineMode::kernel) << "nothing gets movable";
}

} // namespace
} // namespace memhp
