// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/units.h"
#include "memhpctl/json_text.h"
#include "memhpctl/verbs.h"
#include "system/varlink/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// Numbers of requests; empty for all.
Result<std::vector<uint64_t>> parse_ids(const std::vector<std::string> &words)
{
	std::vector<uint64_t> ids;
	if (words.size() == 1 && words.front() == "all")
		return ids;
	for (const auto &word : words) {
		uint64_t id = 0;
		if (!parse_number(word, 10, id))
			return fail_input(fmt::format("'{}' is no request; write its number, as "
						      "memhpctl status shows it, or all",
						      word));
		ids.push_back(id);
	}
	return ids;
}

Result<std::vector<uint64_t>> all_ids(varlink::Client &client)
{
	const auto answer = client.call("io.memhp.Status", json::object());
	if (!answer)
		return fail(answer.error());
	std::vector<uint64_t> ids;
	const auto status = answer->value("status", json::object());
	for (const auto &request : status.value("requests", json::array()))
		ids.push_back(request.value("id", uint64_t{0}));
	return ids;
}

} // namespace

int verb_cancel(const Globals &globals, const std::vector<std::string> &words)
{
	auto ids = parse_ids(words);
	if (!ids)
		return complain(ids.error(), exit_usage);
	auto client = varlink::Client::connect(globals.socket());
	if (!client && nobody_there(client.error()))
		return complain({{}, "memhpd is not running, so there is nothing to cancel"});
	if (!client)
		return complain(client.error());
	if (ids->empty())
		ids = all_ids(*client);
	if (!ids)
		return complain(ids.error());
	int status = exit_done;
	for (const auto id : *ids) {
		const auto answer = client->call("io.memhp.Cancel", {{"id", id}});
		if (!answer)
			status = complain(answer.error());
	}
	if (globals.json)
		fmt::print("{}\n", json_text({{"cancelled", *ids}}));
	return status;
}

} // namespace memhp
