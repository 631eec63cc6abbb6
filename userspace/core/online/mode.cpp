// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/mode.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/online/ratio.h"

namespace memhp
{
namespace
{

/// False for a rule that no device of this machine can match.
bool can_match(const OnlineRule &rule, const Surroundings &surroundings)
{
	if (rule.source == Source::boot || // it is online already
	    (rule.source == Source::dax_kmem && !surroundings.dax) ||
	    (rule.source == Source::hv_balloon && !surroundings.hv_balloon) ||
	    (rule.source == Source::xen_balloon && !surroundings.xen_balloon))
		return false;
	const auto &nodes = surroundings.nodes;
	return rule.nodes.empty() || nodes.empty() ||
	       std::any_of(rule.nodes.begin(), rule.nodes.end(), [&](int node) {
		       return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
	       });
}

bool matches_everything(const OnlineRule &rule) { return covers(rule, OnlineRule()); }

/// The action of devices that no rule picks out by a condition.
OnlineAction general_action(const OnlinePolicy &policy)
{
	const auto rule =
		std::find_if(policy.rules.begin(), policy.rules.end(), matches_everything);
	return rule == policy.rules.end() ? policy.action : rule->action;
}

/// Why the kernel cannot do what the policy wants; nothing where it can.
std::optional<std::string> obstacle(const OnlinePolicy &policy, const Surroundings &surroundings,
				    OnlineAction action)
{
	if (surroundings.dax)
		return "there are dax devices, whose memory is left to daxctl";
	if (action == OnlineAction::leave)
		return "the kernel would not leave the owner of a device any time";
	if (action == OnlineAction::offline)
		return "nothing is to be onlined";
	if (action == OnlineAction::movable && policy.beyond_ratio == BeyondRatio::offline)
		return "online.beyond_ratio is offline, and the kernel leaves nothing offline";
	for (size_t i = 0; i < policy.rules.size(); ++i) {
		const auto &rule = policy.rules[i];
		if (rule.action != action && can_match(rule, surroundings))
			return fmt::format("rule {} ({}) wants {}, other memory {}", i + 1,
					   describe(rule), to_string(rule.action),
					   to_string(action));
		if (matches_everything(rule))
			break; // no device gets further
	}
	return std::nullopt;
}

} // namespace

ModeChoice choose_mode(const OnlinePolicy &policy, const Surroundings &surroundings)
{
	ModeChoice choice;
	choice.action = general_action(policy);

	if (policy.mode == OnlineMode::daemon) {
		choice.why = "online.mode";
		return choice;
	}
	if (policy.mode == OnlineMode::kernel)
		choice.why = "online.mode";
	else if (surroundings.hv_balloon)
		choice.why = "auto: hv-balloon waits for each block";
	else if (surroundings.xen_balloon)
		choice.why = "auto: xen-balloon waits for each block";
	if (choice.why.empty()) {
		choice.why = "auto: no driver here waits for each block";
		return choice;
	}
	if (const auto reason = obstacle(policy, surroundings, choice.action))
		choice.why = fmt::format("{}, but {}",
					 policy.mode == OnlineMode::kernel ? "online.mode is kernel"
									   : choice.why,
					 *reason);
	else
		choice.mode = OnlineMode::kernel;
	return choice;
}

SettingValues wanted_settings(const OnlinePolicy &policy, const ModeChoice &choice,
			      const KernelSide &kernel)
{
	SettingValues values;

	auto &auto_online = values[KernelSetting::auto_online_blocks];
	auto_online = "offline";
	switch (choice.action) {
	case OnlineAction::movable: {
		const auto bound = movable_bound(policy);
		values[KernelSetting::auto_movable_ratio] = fmt::format("{}", percent(bound));
		values[KernelSetting::auto_movable_numa_aware] = policy.ratio_per_node ? "Y" : "N";
		values[KernelSetting::online_policy] = "auto-movable";
		if (choice.mode != OnlineMode::kernel)
			break;
		auto type = OnlineType::movable;
		if (kernel.kernel_next)
			type = OnlineType::kernel;
		else if (kernel.online_policy && bound < no_bound)
			type = OnlineType::by_default; // the only one that the ratio is asked for
		auto_online = to_string(type);
		break;
	}
	case OnlineAction::kernel:
		values[KernelSetting::auto_movable_ratio] = "0";
		values[KernelSetting::online_policy] = "auto-movable";
		if (choice.mode == OnlineMode::kernel)
			auto_online = to_string(OnlineType::kernel);
		break;
	case OnlineAction::kernel_default:
		if (choice.mode == OnlineMode::kernel)
			auto_online = to_string(OnlineType::by_default);
		break;
	case OnlineAction::leave:
	case OnlineAction::offline:
		break;
	}
	return values;
}

} // namespace memhp
