// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/explain_calls.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "system/explain/explain_report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr Time patience = std::chrono::seconds(5);
/// What is said of so many blocks fits into an answer.
constexpr size_t most_blocks = 128;

} // namespace

void ExplainCalls::begin(const std::shared_ptr<varlink::Call> &call)
{
	if (call->uid() != 0) {
		call->error("org.varlink.service.PermissionDenied",
			    {{"message", "page frame numbers and owners are for root"}});
		return;
	}
	std::vector<std::string> target;
	try {
		call->parameters().at("target").get_to(target);
	} catch (const json::exception &) {
		call->error("io.memhp.InvalidTarget",
			    {{"message", "target must be a list of words"}});
		return;
	}
	auto explainer = Explainer::begin(sysfs_, kmod_, target, {live_, Loop::now(), patience});
	if (explainer && explainer->count() > most_blocks)
		explainer =
			fail_input(fmt::format("{} blocks at once are too many; name {} at most",
					       explainer->count(), most_blocks));
	if (!explainer) {
		call->error("io.memhp.InvalidTarget", {{"message", explainer.error().message}});
		return;
	}
	const auto id = next_id_++;
	auto &answer =
		answers_.emplace(id, Answer{call, std::move(*explainer), false, {}}).first->second;
	call->on_gone([this, id] {
		if (const auto found = answers_.find(id); found != answers_.end())
			found->second.gone = true;
	});
	answer.source = loop_.defer([this, id] { go_on(id); });
}

void ExplainCalls::go_on(uint64_t id)
{
	auto &answer = answers_.at(id);
	if (!answer.gone && answer.explainer.step()) {
		answer.source = loop_.defer([this, id] { go_on(id); });
		return;
	}
	if (!answer.gone)
		answer.call->reply({{"explanation", to_json(answer.explainer.take())}});
	answers_.erase(id);
}

} // namespace memhp
