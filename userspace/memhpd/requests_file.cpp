// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/requests_file.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "memhpd/saved_document.h"
#include "system/base/fd.h"
#include "system/offline/report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr int version = 1;

json to_json(const Config::Offline &terms)
{
	json assist = json::array();
	for (const auto one : terms.assist)
		assist.push_back(word_for(assist_words, one));
	return {{"attempt_deadline_ms", terms.attempt_deadline.count()},
		{"backoff",
		 {{"initial_ms", terms.backoff.initial.count()},
		  {"factor", terms.backoff.factor},
		  {"max_ms", terms.backoff.max.count()},
		  {"jitter", terms.backoff.jitter}}},
		{"min_free", to_string(terms.limits.min_free)},
		{"max_pressure", terms.limits.max_pressure},
		{"assist", std::move(assist)}};
}

Time span(const json &value) { return Time(value.get<Time::rep>()); }

Result<Config::Offline> terms_from_json(const json &value)
{
	Config::Offline terms;
	terms.attempt_deadline = span(value.at("attempt_deadline_ms"));
	const auto &backoff = value.at("backoff");
	terms.backoff.initial = span(backoff.at("initial_ms"));
	backoff.at("factor").get_to(terms.backoff.factor);
	terms.backoff.max = span(backoff.at("max_ms"));
	backoff.at("jitter").get_to(terms.backoff.jitter);
	const auto min_free = parse_amount(value.at("min_free").get<std::string>());
	if (!min_free)
		return fail(min_free.error());
	terms.limits.min_free = *min_free;
	value.at("max_pressure").get_to(terms.limits.max_pressure);
	for (const auto &word : value.at("assist")) {
		const auto one = value_of(assist_words, word.get<std::string>());
		if (!one)
			return fail_input("an unknown word in assist");
		terms.assist.push_back(*one);
	}
	return terms;
}

json to_json(const SavedRequest &saved)
{
	const auto &plan = saved.plan;
	json parts = json::array();
	for (const auto &part : plan.parts)
		parts.push_back({part.block, to_string(part.zone), part.inode, part.node});
	json owed = json::array();
	for (const auto &[block, origin] : plan.shared.owed)
		owed.push_back({block, to_string(origin.zone), origin.inode});
	json lowered = json::array();
	for (const auto &[path, pages] : plan.lowered)
		lowered.push_back({{"file", path}, {"found", pages.found}, {"left", pages.left}});
	return {{"id", saved.id},
		{"uid", saved.uid},
		{"detached", saved.detached},
		{"owned", saved.owned},
		{"change", to_string(plan.request.change)},
		{"request", to_json(plan.request)},
		{"terms", to_json(plan.terms)},
		{"blocks", std::move(parts)},
		{"goal", plan.goal},
		{"already", plan.already},
		{"left_to_host", plan.left_to_host},
		{"deadline_boot_ms", plan.deadline.count()},
		{"rolling_back", plan.rolling_back},
		{"kept", plan.shared.kept},
		{"inherited", std::move(owed)},
		{"huge_pages", std::move(lowered)}};
}

Result<SavedRequest> saved_from_json(const json &value)
{
	SavedRequest saved;
	auto &plan = saved.plan;
	value.at("id").get_to(saved.id);
	value.at("uid").get_to(saved.uid);
	value.at("detached").get_to(saved.detached);
	saved.owned = value.value("owned", false);
	const auto request = request_from_json(value.at("request"));
	if (!request)
		return fail(request.error());
	plan.request = *request;
	plan.request.change = value.at("change") == "online" ? Change::online : Change::offline;
	const auto terms = terms_from_json(value.at("terms"));
	if (!terms)
		return fail(terms.error());
	plan.terms = *terms;
	for (const auto &item : value.at("blocks")) {
		Plan::Part part;
		item.at(0).get_to(part.block);
		part.zone = parse_zone(item.at(1).get<std::string>()).value_or(Zone::none);
		item.at(2).get_to(part.inode);
		item.at(3).get_to(part.node);
		plan.parts.push_back(part);
	}
	value.at("goal").get_to(plan.goal);
	value.at("already").get_to(plan.already);
	value.at("left_to_host").get_to(plan.left_to_host);
	plan.deadline = span(value.at("deadline_boot_ms"));
	value.at("rolling_back").get_to(plan.rolling_back);
	if (value.contains("kept"))
		value.at("kept").get_to(plan.shared.kept);
	for (const auto &item : value.value("inherited", json::array())) {
		auto &origin = plan.shared.owed[item.at(0).get<uint64_t>()];
		origin.zone = parse_zone(item.at(1).get<std::string>()).value_or(Zone::none);
		item.at(2).get_to(origin.inode);
	}
	for (const auto &item : value.at("huge_pages")) {
		auto &pages = plan.lowered[item.at("file").get<std::string>()];
		item.at("found").get_to(pages.found);
		item.at("left").get_to(pages.left);
	}
	plan.resumed = true;
	return saved;
}

} // namespace

Result<std::vector<SavedRequest>> load_requests(int dir, const std::string &path)
{
	std::vector<SavedRequest> requests;
	const auto read = read_saved(dir, path, version, [&](const json &document) -> Result<void> {
		for (const auto &item : document.at("requests")) {
			auto saved = saved_from_json(item);
			if (!saved)
				return fail(saved.error());
			requests.push_back(std::move(*saved));
		}
		return {};
	});
	if (!read)
		return fail(read.error());
	return requests;
}

Result<void> save_requests(int dir, const std::string &path,
			   const std::vector<SavedRequest> &requests)
{
	json list = json::array();
	for (const auto &saved : requests)
		list.push_back(to_json(saved));
	const json document = {{"version", version}, {"requests", std::move(list)}};
	return replace_file(dir, path, document.dump());
}

} // namespace memhp
