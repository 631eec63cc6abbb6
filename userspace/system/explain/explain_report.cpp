// SPDX-License-Identifier: GPL-2.0-only
#include "system/explain/explain_report.h"

#include <nlohmann/json.hpp>

#include "system/explain/owners_report.h"
#include "system/offline/report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr size_t most_owners = 10;

json or_null(const std::string &text) { return text.empty() ? json(nullptr) : json(text); }

json to_json(const Census &census)
{
	json pages = json::object();
	for (const auto &[kind, word] : page_kind_words)
		pages[std::string(word)] = census.of(kind);
	pages["unevictable"] = census.unevictable();
	pages["transparent_huge"] = census.transparent();
	json huge = json::array();
	for (const auto &[size, found] : census.huge())
		huge.push_back({{"pages", size}, {"count", found.count}, {"mapped", found.mapped}});
	pages["huge_pages"] = std::move(huge);
	return pages;
}

json to_json(const LastFailure &failure)
{
	return {{"change", failure.offline ? "offline" : "online"},
		{"errno", failure.error},
		{"stage", or_null(failure.stage)},
		{"ago_ms", failure.ago ? json(failure.ago->count()) : json(nullptr)},
		{"by", or_null(failure.by)}};
}

json to_json(const Room &room)
{
	uint64_t huge = 0;
	uint64_t gigantic = 0;
	json pools = json::array();
	for (const auto &[bytes, one] : room.huge) {
		(one.gigantic ? gigantic : huge) += one.from_pool() + one.pieces;
		pools.push_back({{"size", bytes},
				 {"gigantic", one.gigantic},
				 {"pool", one.pool},
				 {"pieces", one.pieces},
				 {"spare", one.spare}});
	}
	return {{"bytes", room.bytes},
		{"huge_pages", huge},
		{"gigantic_pages", gigantic},
		{"huge", std::move(pools)}};
}

json to_json(const Explanation::One &one, uint64_t block_size)
{
	const auto &facts = one.facts;
	auto value = to_json(facts.block, block_size);
	value["verdict"] = word_for(answer_words, one.verdict.answer);
	value["cause"] = word_for(cause_words, one.verdict.cause);
	value["why"] = or_null(one.verdict.why);
	value["advice"] = or_null(one.verdict.advice);
	value["pages"] = facts.census ? to_json(*facts.census) : json(nullptr);
	value["to_move"] = facts.census || facts.module
				   ? json(pages_to_move(facts) * facts.page_size)
				   : json(nullptr);
	value["room"] = facts.room ? to_json(*facts.room) : json(nullptr);
	value["hole"] = facts.ram ? json(facts.ram->missing * facts.page_size) : json(nullptr);
	value["contains"] = facts.ram ? json(facts.ram->names) : json(nullptr);
	value["cma"] = facts.has_cma;
	value["last_failure"] = facts.failure ? to_json(*facts.failure) : json(nullptr);
	value["held"] = facts.module ? to_json(facts.held, facts.owners) : json(nullptr);
	return value;
}

} // namespace

json to_json(const Explanation &explanation)
{
	json blocks = json::array();
	for (const auto &one : explanation.blocks)
		blocks.push_back(to_json(one, explanation.block_size));
	return {{"block_size", explanation.block_size},
		{"page_size", explanation.page_size},
		{"blocks", std::move(blocks)},
		{"owners", to_json(explanation.owners, most_owners)},
		{"gaps", explanation.gaps}};
}

} // namespace memhp
