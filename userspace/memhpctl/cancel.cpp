// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "memhpctl/verbs.h"
#include "system/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// The requests that are meant; a bad word is a failure.
Result<std::vector<uint64_t>> read_ids(varlink::Client &client,
				       const std::vector<std::string> &words)
{
	std::vector<uint64_t> ids;
	if (words.size() == 1 && words.front() == "all") {
		const auto answer = client.call("io.memhp.Status", json::object());
		if (!answer)
			return fail(answer.error());
		const auto status = answer->value("status", json::object());
		for (const auto &request : status.value("requests", json::array()))
			ids.push_back(request.value("id", uint64_t{0}));
		return ids;
	}
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

} // namespace

int verb_cancel(const Globals &globals, const std::vector<std::string> &words)
{
	auto client = varlink::Client::connect(globals.socket());
	if (!client && nobody_there(client.error()))
		return complain({{}, "memhpd is not running, so there is nothing to cancel"});
	if (!client)
		return complain(client.error());
	const auto ids = read_ids(*client, words);
	if (!ids)
		return complain(ids.error(), exit_usage);
	int status = exit_done;
	for (const auto id : *ids) {
		const auto answer = client->call("io.memhp.Cancel", {{"id", id}});
		if (!answer)
			status = complain(answer.error());
	}
	if (globals.json)
		fmt::print("{}\n", json({{"cancelled", *ids}}).dump(2));
	return status;
}

} // namespace memhp
