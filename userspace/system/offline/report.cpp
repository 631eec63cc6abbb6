// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/report.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace memhp
{

using nlohmann::json;

namespace
{

/// Reads one key of an object; nlohmann's exceptions end here and become a value.
template <typename Read> auto guarded(Read read) -> Result<decltype(read())>
{
	try {
		return read();
	} catch (const json::exception &error) {
		return fail_input(fmt::format("unexpected JSON: {}", error.what()));
	}
}

/// Whole numbers only: get() converts 1e300 too, which is undefined.
Time milliseconds(const json &value)
{
	return Time(value.get_ref<const json::number_integer_t &>());
}

} // namespace

json to_json(const ChangeRequest &request)
{
	json value = {{"target", request.target}};
	if (request.change == Change::online) {
		value["type"] = to_string(request.type);
	} else {
		value["force"] = request.force;
		value["all_or_nothing"] = request.all_or_nothing;
		value["eject"] = request.eject;
		value["trial"] = request.trial;
	}
	if (request.deadline)
		value["deadline_ms"] = request.deadline->count();
	if (request.attempt_deadline)
		value["attempt_deadline_ms"] = request.attempt_deadline->count();
	if (request.change == Change::offline && request.min_free)
		value["min_free"] = to_string(*request.min_free);
	return value;
}

Result<ChangeRequest> request_from_json(const json &value)
{
	constexpr Time::rep longest = Time(std::chrono::hours(24 * 366 * 100)).count();

	auto request = guarded([&] {
		ChangeRequest result;
		result.target = value.at("target").get<std::vector<std::string>>();
		if (value.contains("deadline_ms"))
			result.deadline = milliseconds(value.at("deadline_ms"));
		if (value.contains("attempt_deadline_ms"))
			result.attempt_deadline = milliseconds(value.at("attempt_deadline_ms"));
		result.force = value.value("force", result.force);
		result.all_or_nothing = value.value("all_or_nothing", result.all_or_nothing);
		result.eject = value.value("eject", result.eject);
		result.trial = value.value("trial", result.trial);
		return result;
	});
	if (!request)
		return request;
	for (const auto &span : {request->deadline, request->attempt_deadline})
		if (span && (span->count() <= 0 || span->count() > longest))
			return fail_input(
				fmt::format("a deadline of {} ms is out of range", span->count()));
	if (value.contains("min_free")) {
		const auto &text = value.at("min_free");
		const auto min_free =
			text.is_string() ? parse_amount(text.get<std::string>())
					 : Result<Amount>(fail_input("must be a text, as \"10%\""));
		if (!min_free)
			return fail_input("min_free: " + min_free.error().message);
		request->min_free = *min_free;
	}
	if (value.contains("type")) {
		const auto type = value.at("type").is_string()
					  ? parse_online_type(value.at("type").get<std::string>())
					  : std::nullopt;
		if (!type)
			return fail_input("type must be online, online_kernel or online_movable");
		request->type = *type;
	}
	return request;
}

json to_json(const Progress &progress)
{
	return {{"block", progress.block ? json(*progress.block) : json(nullptr)},
		{"reached", progress.reached},
		{"errno", progress.error},
		{"killed", progress.killed},
		{"stage", progress.stage},
		{"done", progress.done},
		{"goal", progress.goal},
		{"failed_attempts", progress.failed_attempts},
		{"waiting", progress.waiting},
		{"rolling_back", progress.rolling_back},
		{"ejecting", progress.ejecting}};
}

Result<Progress> progress_from_json(const json &value)
{
	return guarded([&] {
		Progress result;
		if (!value.at("block").is_null())
			result.block = value.at("block").get<uint64_t>();
		value.at("reached").get_to(result.reached);
		value.at("errno").get_to(result.error);
		value.at("killed").get_to(result.killed);
		value.at("stage").get_to(result.stage);
		value.at("done").get_to(result.done);
		value.at("goal").get_to(result.goal);
		value.at("failed_attempts").get_to(result.failed_attempts);
		value.at("waiting").get_to(result.waiting);
		value.at("rolling_back").get_to(result.rolling_back);
		value.at("ejecting").get_to(result.ejecting);
		return result;
	});
}

namespace
{

json to_json(const std::vector<Stayed> &blocks)
{
	json list = json::array();
	for (const auto &block : blocks)
		list.push_back({{"block", block.block},
				{"errno", block.error},
				{"killed", block.killed},
				{"attempts", block.attempts},
				{"stage", block.stage},
				{"zone", block.zone},
				{"reason", reason(block)}});
	return list;
}

std::vector<Stayed> stayed_from_json(const json &list)
{
	std::vector<Stayed> blocks;
	for (const auto &entry : list) {
		Stayed stayed;
		entry.at("block").get_to(stayed.block);
		entry.at("errno").get_to(stayed.error);
		entry.at("killed").get_to(stayed.killed);
		entry.at("attempts").get_to(stayed.attempts);
		entry.at("stage").get_to(stayed.stage);
		entry.at("zone").get_to(stayed.zone);
		blocks.push_back(std::move(stayed));
	}
	return blocks;
}

} // namespace

json to_json(const Report &report)
{
	json ejected = nullptr;
	if (report.ejected)
		ejected = {{"device", report.ejected->device},
			   {"done", report.ejected->done},
			   {"reason", report.ejected->reason}};
	return {{"change", to_string(report.change)},
		{"block_size", report.block_size},
		{"goal", report.goal},
		{"done", report.done},
		{"already", report.already},
		{"left_to_host", report.left_to_host},
		{"wrong_zone", report.wrong_zone},
		{"stayed", to_json(report.stayed)},
		{"rolled_back", report.rolled_back},
		{"left_to_others", report.left_to_others},
		{"lost", to_json(report.lost)},
		{"failed_attempts", report.failed_attempts},
		{"timed_out", report.timed_out},
		{"cancelled", report.cancelled},
		{"waiting", report.waiting},
		{"ejected", std::move(ejected)},
		{"took_ms", report.took.count()}};
}

Result<Report> report_from_json(const json &value)
{
	return guarded([&] {
		Report result;
		result.change = value.at("change") == "online" ? Change::online : Change::offline;
		value.at("block_size").get_to(result.block_size);
		value.at("goal").get_to(result.goal);
		value.at("done").get_to(result.done);
		value.at("already").get_to(result.already);
		value.at("left_to_host").get_to(result.left_to_host);
		value.at("wrong_zone").get_to(result.wrong_zone);
		result.stayed = stayed_from_json(value.at("stayed"));
		value.at("rolled_back").get_to(result.rolled_back);
		value.at("left_to_others").get_to(result.left_to_others);
		result.lost = stayed_from_json(value.at("lost"));
		value.at("failed_attempts").get_to(result.failed_attempts);
		value.at("timed_out").get_to(result.timed_out);
		value.at("cancelled").get_to(result.cancelled);
		value.at("waiting").get_to(result.waiting);
		if (const auto &ejected = value.at("ejected"); !ejected.is_null())
			result.ejected = {ejected.at("device").get<std::string>(),
					  ejected.at("done").get<bool>(),
					  ejected.at("reason").get<std::string>()};
		result.took = milliseconds(value.at("took_ms"));
		return result;
	});
}

json to_json(const Block &block, uint64_t block_size)
{
	json zone = nullptr;
	if (block.zone != Zone::none)
		zone = to_string(block.zone);
	json candidates = json::array();
	for (const auto candidate : block.candidates)
		candidates.push_back(to_string(candidate));
	return {{"block", block.number},
		{"address", fmt::format("0x{:x}", block.number * block_size)},
		{"size", block_size},
		{"state", to_string(block.state)},
		{"zone", std::move(zone)},
		{"candidate_zones", std::move(candidates)},
		{"node", block.node ? json(*block.node) : json(nullptr)},
		{"source", to_string(block.source)},
		{"device", block.device.empty() ? json(nullptr) : json(block.device)}};
}

} // namespace memhp
