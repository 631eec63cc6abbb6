// SPDX-License-Identifier: GPL-2.0-only
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "memhpctl/table.h"
#include "memhpctl/verbs.h"
#include "system/kmod.h"
#include "system/sysfs.h"
#include "system/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

/// Bytes by what they are good for.
struct Totals {
	uint64_t kernel = 0;
	uint64_t movable = 0;
	uint64_t other = 0; ///< online, but in no single zone, or in Device
	uint64_t offline = 0;

	void add(const Block &block, uint64_t bytes)
	{
		if (block.state == BlockState::offline)
			offline += bytes;
		else if (block.zone == Zone::movable)
			movable += bytes;
		else if (is_kernel_zone(block.zone))
			kernel += bytes;
		else
			other += bytes;
	}

	json to_json() const
	{
		return {{"kernel", kernel},
			{"movable", movable},
			{"other", other},
			{"offline", offline}};
	}

	std::string ratio() const
	{
		if (kernel == 0)
			return movable ? "no kernel memory" : "";
		return fmt::format("{:.2f}",
				   static_cast<double>(movable) / static_cast<double>(kernel));
	}
};

/// The daemon's answer, or why there is none.
Result<json> ask_daemon(const Globals &globals)
{
	auto client = varlink::Client::connect(globals.socket());
	if (!client)
		return fail(client.error());
	auto answer = client->call("io.memhp.Status", json::object());
	if (!answer)
		return answer;
	return answer->value("status", json::object());
}

std::string describe_daemon(const Result<json> &daemon)
{
	if (!daemon) {
		if (nobody_there(daemon.error()))
			return "not running (systemctl enable --now memhpd)";
		return daemon.error().message;
	}
	const auto &status = *daemon;
	const auto rules = status.value("rules", 0);
	auto text = fmt::format(
		"running, onlines hot-added memory as {}{}; {} blocks onlined, {} failed attempts, "
		"{} in "
		"the wrong zone, {} taken offline on purpose",
		status.value("action", "?"),
		rules ? fmt::format(" with {} rules (memhpctl policy show)", rules) : "",
		status.value("onlined", 0), status.value("failed_attempts", 0),
		status.value("wrong_zone", 0), status.value("deliberately_offline", 0));
	if (const auto found = status.value("found_online", 0); found > 0)
		text += fmt::format("; {} blocks onlined by {}", found,
				    status.value("mode", "") == "kernel" ? "the kernel" : "others");
	if (const auto left = status.value("left_offline", 0); left > 0)
		text += fmt::format(", {} left to memhpd by it", left);
	if (const auto error = status.value("config_error", ""); !error.empty())
		text += fmt::format("; its configuration file is not used, {} in force: {}",
				    status.value("config", "") == "older-file"
					    ? "an older version of it is"
					    : "the defaults are",
				    error);
	return text;
}

/// Who onlines and why, and what that means for the kernel's settings, a line each.
std::string describe_mode(const json &status)
{
	auto text = fmt::format("mode:   {} ({})\n", status.value("mode", "?"),
				status.value("mode_why", "?"));
	for (const auto &setting : status.value("settings", json::array())) {
		const auto found = setting.value("found", "?");
		const auto wanted = setting.value("wanted", "?");
		const auto now = setting.value("now", "?");
		text += fmt::format("kernel: {} {}", setting.value("setting", "?"), now);
		if (found != now)
			text += fmt::format(" (found {})", found);
		if (const auto foreign = setting.value("foreign", json()); foreign.is_string()) {
			text += fmt::format("; changed to {} by another program at {}, ",
					    foreign.get<std::string>(),
					    setting.value("foreign_at", "?"));
			text += setting.value("left", false)
					? fmt::format("and left so; memhpd wants {}", wanted)
					: "put right";
		}
		text += '\n';
	}
	return text;
}

} // namespace

int verb_status(const Globals &globals)
{
	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const auto blocks = sysfs->scan();
	if (!blocks)
		return complain(blocks.error());

	const auto block_size = sysfs->block_size();
	Totals all;
	std::map<int, Totals> nodes;
	for (const auto &block : *blocks) {
		all.add(block, block_size);
		nodes[block.node.value_or(-1)].add(block, block_size);
	}
	const auto daemon = ask_daemon(globals);
	const Kmod kmod(sysfs->root_fd());
	const auto module = kmod.status();

	if (globals.json) {
		json list = json::array();
		for (const auto &[node, totals] : nodes) {
			auto entry = totals.to_json();
			entry["node"] = node < 0 ? json(nullptr) : json(node);
			list.push_back(std::move(entry));
		}
		const json document = {
			{"block_size", block_size},
			{"blocks", blocks->size()},
			{"total", all.to_json()},
			{"nodes", std::move(list)},
			{"daemon", daemon ? *daemon : json(nullptr)},
			{"daemon_error", daemon ? json(nullptr) : json(daemon.error().message)},
			{"module", module ? json("loaded") : json(nullptr)},
			{"module_error", module ? json(nullptr) : json(module.error().message)},
		};
		fmt::print("{}\n", document.dump(2));
		return exit_done;
	}

	Table table({{"NODE", true},
		     {"KERNEL", true},
		     {"MOVABLE", true},
		     {"OTHER", true},
		     {"OFFLINE", true},
		     {"MOVABLE:KERNEL", true}});
	const auto row = [&](std::string name, const Totals &totals) {
		table.add({std::move(name), format_size(totals.kernel), format_size(totals.movable),
			   format_size(totals.other), format_size(totals.offline), totals.ratio()});
	};
	for (const auto &[node, totals] : nodes)
		row(node < 0 ? "" : fmt::format("{}", node), totals);
	if (nodes.size() > 1)
		row("all", all);
	fmt::print("{} memory blocks of {}\n\n{}\n", blocks->size(), format_size(block_size),
		   table.text());
	fmt::print("memhpd: {}\n", describe_daemon(daemon));
	if (daemon)
		fmt::print("{}", describe_mode(*daemon));
	if (module)
		fmt::print("module: loaded, {} events recorded, {} not tracked\n",
			   module->number("seq").value_or(0),
			   module->number("untracked").value_or(0));
	else
		fmt::print("module: {}\n", module.error().message);
	return exit_done;
}

} // namespace memhp
