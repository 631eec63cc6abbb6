// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/control.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/base/pace.h"
#include "memhpd/status_report.h"
#include "system/config/policy_report.h"
#include "system/memory/zoneinfo.h"
#include "system/offline/report.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// A block takes some 250 bytes; no answer shall be longer than a message may be.
constexpr size_t most_blocks = varlink::max_message / 256;
constexpr size_t blocks_at_a_time = 256;

/// A mistake in a call, or what keeps it from being answered.
void fail_call(varlink::Call &call, std::string_view error, const std::string &message)
{
	call.error(fmt::format("io.memhp.{}", error), {{"message", message}});
}

} // namespace

Control::Control(Parts parts, Fd listening)
	: parts_(parts), explain_calls_(parts.loop, parts.sysfs, parts.kmod, parts.live),
	  server_(parts.loop, std::move(listening), interface())
{
}

varlink::Interface Control::interface()
{
	using CallPtr = std::shared_ptr<varlink::Call>;
	constexpr bool for_root = true;
	const auto on = [this](Change wanted) {
		return [this, wanted](const CallPtr &call) { change(call, wanted); };
	};
	return {control_interface,
		{{"Status", {[this](const CallPtr &call) { status(*call); }}},
		 {"Blocks", {[this](const CallPtr &call) { blocks(call); }}},
		 {"Policy", {[this](const CallPtr &call) { policy(*call); }}},
		 {"Metrics", {[this](const CallPtr &call) { metrics(*call); }}},
		 {"Events",
		  {[this](const CallPtr &call) { parts_.events.follow(call); }, !for_root, true}},
		 {"Explain",
		  {[this](const CallPtr &call) { explain_calls_.begin(call); }, for_root}},
		 {"Reload", {[this](const CallPtr &call) { reload(*call); }, for_root}},
		 {"Online", {on(Change::online), for_root}},
		 {"Offline", {on(Change::offline), for_root}},
		 {"Cancel", {[this](const CallPtr &call) { cancel(*call); }, for_root}}}};
}

void Control::status(varlink::Call &call) const
{
	// As fresh as sysfs is.
	parts_.drain();
	parts_.view.look();
	call.reply({{"status", status_report(parts_, call.uid() == 0)}});
}

void Control::blocks(const std::shared_ptr<varlink::Call> &call) const
{
	auto found = parts_.sysfs.scan();
	if (!found) {
		fail_call(*call, "Failed", found.error().message);
		return;
	}
	struct Telling {
		std::vector<Block> blocks;
		uint64_t block_size;
		size_t at = 0;

		json next(size_t most)
		{
			json list = json::array();
			for (; at < blocks.size() && list.size() < most; ++at)
				list.push_back(to_json(blocks[at], block_size));
			return {{"block_size", block_size}, {"blocks", std::move(list)}};
		}
	};
	auto telling = std::make_shared<Telling>();
	telling->blocks = std::move(*found);
	telling->block_size = parts_.sysfs.block_size();
	if (!call->more()) {
		if (telling->blocks.size() > most_blocks)
			call->error("org.varlink.service.ExpectedMore", json::object());
		else
			call->reply(telling->next(most_blocks));
		return;
	}
	// The call has this, not the other way round.
	const auto tell = [call = call.get(), telling] {
		while (call->taken()) {
			auto part = telling->next(blocks_at_a_time);
			if (telling->at == telling->blocks.size())
				return call->reply(part);
			call->progress(part);
		}
	};
	call->on_taken(tell);
	tell();
}

void Control::policy(varlink::Call &call) const
{
	const auto found = parts_.sysfs.scan();
	if (!found) {
		fail_call(call, "Failed", found.error().message);
		return;
	}
	const PolicyReport report = {
		parts_.config.config(),
		parts_.config.path(),
		to_string(parts_.config.origin()),
		parts_.config.mistakes(),
		*found,
		parts_.sysfs.block_size(),
		count_memory(parts_.sysfs.root_fd(), *found, parts_.sysfs.block_size()),
		&parts_.onliner.ledger().entries(),
		&parts_.onliner.misplaced()};
	auto policy = to_json(report);
	// The interface language has no type for what is a number here and a text there.
	for (auto &setting : policy.at("settings"))
		setting.at("value") = setting.at("value").dump();
	call.reply({{"policy", std::move(policy)}});
}

void Control::metrics(varlink::Call &call) const
{
	const auto text = parts_.metrics.text();
	if (!text) {
		fail_call(call, "Failed", text.error().message);
		return;
	}
	call.reply({{"text", *text}});
}

void Control::reload(varlink::Call &call) const
{
	if (!parts_.reload()) {
		const auto &mistakes = parts_.config.mistakes();
		call.error("io.memhp.InvalidConfig",
			   {{"message", mistakes.front()}, {"mistakes", mistakes}});
		return;
	}
	call.reply(json::object());
}

void Control::change(const std::shared_ptr<varlink::Call> &call, Change change)
{
	if (change == Change::offline && parts_.config.unknown()) {
		fail_call(*call, "Failed",
			  "memhpd takes nothing offline while its configuration cannot be used: " +
				  parts_.config.mistakes().front());
		return;
	}
	auto request = request_from_json(call->parameters());
	if (!request) {
		fail_call(*call, "InvalidTarget", request.error().message);
		return;
	}
	request->change = change;
	const bool detach = call->parameters().value("detach", json(false)) == true;

	Requests::Client client;
	client.uid = call->uid();
	client.detached = detach;
	client.progress = [call, pace = TellingPace()](const Progress &progress) mutable {
		if (pace.due(progress.block && progress.reached, Loop::now()))
			call->progress({{"progress", to_json(progress)}});
	};
	client.finished = [call](const Report &report) {
		call->reply({{"report", to_json(report)}});
	};
	const auto id = parts_.requests.begin(*request, std::move(client));
	if (!id) {
		fail_call(*call, "InvalidTarget", id.error().message);
		return;
	}
	if (detach)
		call->reply({{"id", *id}});
	else
		call->on_gone([this, request_id = *id] { parts_.requests.cancel(request_id); });
}

void Control::cancel(varlink::Call &call) const
{
	const auto &id = call.parameters().at("id");
	if (!id.is_number_unsigned() || !parts_.requests.cancel(id.get<uint64_t>())) {
		fail_call(call, "NoSuchRequest",
			  fmt::format("there is no request {}; see memhpctl status", id.dump()));
		return;
	}
	call.reply(json::object());
}

} // namespace memhp
