// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/collected.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "system/base/fd.h"
#include "system/varlink/varlink.h"

namespace memhp
{

using nlohmann::json;

bool is_collected(const Globals &globals, const char *collected)
{
	const auto path = globals.sysroot + "/" + collected;
	return !globals.live() && access(path.c_str(), F_OK) == 0;
}

Result<json> ask_memhpd(const Globals &globals, const char *method, const char *collected)
{
	const auto path = globals.sysroot + "/" + collected;
	if (const auto text =
		    globals.live() ? Result<std::string>(fail({})) : read_file(AT_FDCWD, path)) {
		auto answer = json::parse(*text, nullptr, false);
		if (!answer.is_object())
			return fail_input(fmt::format("{} holds no answer of memhpd", path));
		return answer;
	}
	auto client = varlink::Client::connect(globals.socket());
	if (!client)
		return fail(client.error());
	return client->call(method, json::object());
}

} // namespace memhp
