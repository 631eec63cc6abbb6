// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/report.h"

#include <cerrno>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

using nlohmann::json;

Report full_report()
{
	Report report;
	report.change = Change::online;
	report.block_size = uint64_t{1} << 27;
	report.goal = 5;
	report.done = {1, 2};
	report.already = {3};
	report.left_to_host = {4};
	report.wrong_zone = {2};
	Stayed stayed;
	stayed.block = 7;
	stayed.error = EBUSY;
	stayed.killed = true;
	stayed.attempts = 3;
	stayed.stage = "isolate";
	stayed.zone = "Normal";
	report.stayed = {stayed};
	stayed.block = 8;
	report.rolled_back = {9};
	report.left_to_others = {10};
	report.lost = {stayed};
	report.failed_attempts = 3;
	report.timed_out = true;
	report.cancelled = true;
	report.waiting = "too little memory";
	report.ejected = {"PNP0C80:01", false, "it would not"};
	report.took = Time(1234);
	return report;
}

TEST(ReportJson, SurvivesTheWayThere)
{
	for (const auto &report : {full_report(), Report()}) {
		const auto text = to_json(report).dump();
		const auto read = report_from_json(json::parse(text));
		ASSERT_TRUE(read) << read.error().message;
		EXPECT_EQ(to_json(*read).dump(), text);
		EXPECT_EQ(read->change, report.change);
		EXPECT_EQ(read->took, report.took);
		EXPECT_EQ(read->done, report.done);
		EXPECT_EQ(read->stayed.size(), report.stayed.size());
		EXPECT_EQ(read->rolled_back, report.rolled_back);
		EXPECT_EQ(read->left_to_others, report.left_to_others);
		EXPECT_EQ(read->lost.size(), report.lost.size());
		EXPECT_EQ(read->ejected.has_value(), report.ejected.has_value());
	}
}

TEST(ReportJson, GivesTheReasonInWords)
{
	const auto stayed = to_json(full_report())["stayed"][0];
	EXPECT_NE(stayed["reason"].get<std::string>().find("isolate"), std::string::npos);
}

TEST(ReportJson, AMissingKeyOrWrongTypeIsAFailure)
{
	const auto good = to_json(full_report());
	for (const auto &[key, value] : good.items()) {
		auto missing = good;
		missing.erase(key);
		EXPECT_FALSE(report_from_json(missing)) << key;
		auto wrong = good;
		wrong[key] = json::object({{"a", "b"}});
		if (key == "change")
			continue;
		EXPECT_FALSE(report_from_json(wrong)) << key;
	}
	EXPECT_FALSE(report_from_json(json()));
	EXPECT_FALSE(report_from_json(json::array()));
}

TEST(ProgressJson, SurvivesTheWayThere)
{
	Progress progress;
	progress.block = 7;
	progress.reached = true;
	progress.error = EBUSY;
	progress.killed = true;
	progress.stage = "migrate";
	progress.done = 1;
	progress.goal = 2;
	progress.failed_attempts = 3;
	progress.waiting = "too little memory";
	progress.rolling_back = true;
	const auto text = to_json(progress).dump();
	const auto read = progress_from_json(json::parse(text));
	ASSERT_TRUE(read);
	EXPECT_EQ(to_json(*read).dump(), text);
	EXPECT_EQ(read->block, 7u);
	EXPECT_EQ(read->waiting, progress.waiting);
	progress.block.reset();
	EXPECT_FALSE(progress_from_json(to_json(progress))->block);
	EXPECT_FALSE(progress_from_json(json::object()));
}

TEST(RequestJson, SurvivesTheWayThere)
{
	ChangeRequest request;
	request.target = {"node:1", "4G"};
	request.type = OnlineType::kernel;
	request.deadline = Time(5000);
	request.attempt_deadline = Time(100);
	request.force = true;
	request.all_or_nothing = true;
	request.trial = true;
	request.min_free = Amount{false, 1 << 30};
	auto read = request_from_json(to_json(request));
	ASSERT_TRUE(read) << read.error().message;
	EXPECT_EQ(read->target, request.target);
	EXPECT_EQ(read->deadline, request.deadline);
	EXPECT_EQ(read->attempt_deadline, request.attempt_deadline);
	EXPECT_TRUE(read->force);
	EXPECT_TRUE(read->all_or_nothing);
	EXPECT_TRUE(read->trial);
	ASSERT_TRUE(read->min_free);
	EXPECT_EQ(to_string(*read->min_free), "1G");

	request.change = Change::online;
	read = request_from_json(to_json(request));
	ASSERT_TRUE(read) << read.error().message;
	EXPECT_EQ(read->target, request.target);
	EXPECT_EQ(read->type, request.type);
	EXPECT_EQ(read->deadline, request.deadline);
	EXPECT_FALSE(read->min_free) << "an offline's";
}

TEST(RequestJson, EverythingButTheTargetIsOptional)
{
	const auto read = request_from_json({{"target", {"all"}}});
	ASSERT_TRUE(read);
	EXPECT_EQ(read->type, OnlineType::movable);
	EXPECT_FALSE(read->deadline);
	EXPECT_FALSE(read->attempt_deadline);
	EXPECT_FALSE(read->min_free);
	EXPECT_FALSE(read->all_or_nothing);
	EXPECT_FALSE(read->trial);
	EXPECT_FALSE(read->force);
}

TEST(RequestJson, RefusesWhatItCannotUse)
{
	const char *texts[] = {
		"{}",
		R"({"target":"all"})",
		R"({"target":[7]})",
		R"({"target":["all"],"type":"offline"})",
		R"({"target":["all"],"type":7})",
		R"({"target":["all"],"force":"yes"})",
		R"({"target":["all"],"all_or_nothing":1})",
		R"({"target":["all"],"deadline_ms":0})",
		R"({"target":["all"],"deadline_ms":-1})",
		R"({"target":["all"],"deadline_ms":"2s"})",
		R"({"target":["all"],"deadline_ms":9223372036854775807})",
		R"({"target":["all"],"deadline_ms":18446744073709551615})",
		R"({"target":["all"],"attempt_deadline_ms":0})",
		R"({"target":["all"],"attempt_deadline_ms":1e300})",
		R"({"target":["all"],"attempt_deadline_ms":1.5})",
		R"({"target":["all"],"min_free":10})",
		R"({"target":["all"],"min_free":"110%"})",
	};
	for (const auto *text : texts)
		EXPECT_FALSE(request_from_json(json::parse(text))) << text;
}

TEST(BlockJson, ShowsNullForWhatIsNotKnown)
{
	Block block;
	block.number = 32;
	block.state = BlockState::offline;
	block.candidates = {Zone::movable, Zone::normal};
	EXPECT_EQ(to_json(block, 1 << 27), json::parse(R"({
		"block": 32, "address": "0x100000000", "size": 134217728, "state": "offline",
		"zone": null, "candidate_zones": ["Movable", "Normal"], "node": null,
		"source": "unknown", "device": null})"));
	block.state = BlockState::online;
	block.zone = Zone::movable;
	block.node = 1;
	block.device = "dax0.0";
	const auto shown = to_json(block, 1 << 27);
	EXPECT_EQ(shown["zone"], "Movable");
	EXPECT_EQ(shown["node"], 1);
	EXPECT_EQ(shown["device"], "dax0.0");
}

} // namespace
} // namespace memhp
