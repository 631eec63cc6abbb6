// SPDX-License-Identifier: GPL-2.0-only
#include "system/explain/owners_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/words.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr Words<Culprit::Proof, 4> proof_words = {{
	{Culprit::Proof::none, "none"},
	{Culprit::Proof::fixed_buffer, "fixed_buffer"},
	{Culprit::Proof::vfio, "vfio"},
	{Culprit::Proof::only_owner, "only_owner"},
}};

} // namespace

json to_json(const std::vector<HeldPage> &held, const Owners &owners)
{
	json list = json::array();
	for (const auto &page : held) {
		const auto who = culprit(page, owners);
		const auto *group = cgroup_of(page, owners);
		json owner = nullptr;
		if (who.proof != Culprit::Proof::none)
			owner = {{"pid", who.pid},
				 {"comm", who.comm},
				 {"proof", word_for(proof_words, who.proof)}};
		list.push_back({{"pfn", fmt::format("{:#x}", page.pfn)},
				{"pages", page.pages},
				{"kind", page.kind},
				{"references", page.references},
				{"accounted", page.accounted},
				{"mapcount", page.mapcount ? json(*page.mapcount) : json(nullptr)},
				{"pinned", page.pinned()},
				{"owner", std::move(owner)},
				{"cgroup", group ? json(group->path) : json(nullptr)},
				{"text", describe(page, owners)}});
	}
	return list;
}

json to_json(const Owners &owners, size_t most)
{
	json processes = json::array();
	for (size_t i = 0; i < std::min(most, owners.processes.size()); ++i) {
		const auto &process = owners.processes[i];
		processes.push_back(
			{{"pid", process.pid}, {"comm", process.comm}, {"pages", process.pages}});
	}
	json cgroups = json::array();
	for (size_t i = 0; i < std::min(most, owners.cgroups.size()); ++i)
		cgroups.push_back(
			{{"path", owners.cgroups[i].path}, {"pages", owners.cgroups[i].pages}});
	return {{"processes", std::move(processes)},
		{"cgroups", std::move(cgroups)},
		{"complete", owners.complete}};
}

} // namespace memhp
