// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "memhpctl/json_text.h"
#include "memhpctl/verbs.h"
#include "system/advice/measure.h"
#include "system/varlink/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

Result<std::string> ask_daemon(const Globals &globals)
{
	auto client = varlink::Client::connect(globals.socket());
	if (!client)
		return fail(client.error());
	const auto answer = client->call("io.memhp.Metrics", json::object());
	if (!answer)
		return fail(answer.error());
	const auto text = answer->find("text");
	if (text == answer->end() || !text->is_string())
		return fail_input("memhpd's answer is not understood: it has no text");
	return text->get<std::string>();
}

void print(const std::string &text, bool as_json)
{
	if (as_json)
		fmt::print("{}\n", json_text({{"text", text}}));
	else
		fmt::print("{}", text);
}

} // namespace

int verb_metrics(const Globals &globals)
{
	const auto answer = ask_daemon(globals);
	if (answer) {
		print(*answer, globals.json);
		return exit_done;
	}
	if (!nobody_there(answer.error()))
		return complain(answer.error());

	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const Kmod kmod(sysfs->root_fd());
	sysfs->set_early([&kmod] { return kmod.early_blocks(); });
	const auto measures = measure(*sysfs, kmod);
	if (!measures)
		return complain(measures.error());
	print(to_text(metrics_of(*measures)), globals.json);
	return complain({{},
			 "memhpd is not running (systemctl enable --now memhpd): its counters are "
			 "missing, this is what the kernel shows"},
			exit_partly);
}

} // namespace memhp
