// SPDX-License-Identifier: GPL-2.0-only
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "memhp/version.h"

#include "core/memory/target.h"
#include "memhpctl/command_words.h"
#include "memhpctl/examples.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"

namespace
{

constexpr auto target_help =
	"size (4G), blocks (32-47), addresses (0x…-0x…), node:N, zone:Z, device:D, all";

/// What an offline and an eject have in common.
void add_offline_options(CLI::App &verb, memhp::ChangeOptions &options, memhp::ChangeWords &words)
{
	verb.add_flag("--dry-run", options.dry_run, "Only show which blocks, in which order");
	verb.add_flag("--no-wait", options.no_wait, "Leave it to memhpd and return at once");
	verb.add_option("--min-free", words.min_free,
			"Wait where less would stay available (default 10%, at least 512M; 0: no "
			"limit)")
		->type_name("S");
}

/// Gives each verb below `app` its examples; `name` is what stands before it: "policy ".
void add_examples(CLI::App &app, const std::string &name = "")
{
	for (auto *verb : app.get_subcommands({})) {
		verb->footer(memhp::examples_of(name + verb->get_name()));
		add_examples(*verb, name + verb->get_name() + " ");
	}
}

int run(int argc, char **argv)
{
	// A reader that goes away ends us at the next write, quietly, as it does cat.
	std::signal(SIGPIPE, SIG_DFL);

	CLI::App app("Look at, online and take offline the memory of a running machine.",
		     "memhpctl");
	app.require_subcommand(1);
	app.fallthrough(); // options of the program may stand behind the verb
	app.set_help_all_flag();
	app.set_version_flag("--version", "memhpctl " MEMHP_VERSION, "Print the version");

	memhp::Globals globals;
	app.add_option("--sysroot", globals.sysroot, "Read the recorded tree DIR")
		->type_name("DIR");
	app.add_flag("--json", globals.json, "Print JSON");

	memhp::ListOptions list;
	auto *list_verb = app.add_subcommand("list", "List memory blocks, equal neighbours merged");
	list_verb->add_option("target", list.target, target_help);
	list_verb->add_option("-o,--output", list.columns, "Columns, comma-separated")
		->type_name("LIST");
	list_verb->add_flag("--split", list.split, "A line a block");
	list_verb->add_flag("-b,--bytes", list.bytes, "Sizes in bytes");
	list_verb->add_flag("-n,--noheadings", list.no_headings, "No line of titles");

	memhp::MapOptions map;
	std::string cell;
	auto *map_verb = app.add_subcommand("map", "Physical memory, a letter or colour a block");
	map_verb->add_option("target", map.target, target_help);
	map_verb->add_option("--cell", cell, "Memory a cell stands for; as it fits without it")
		->type_name("SIZE");

	auto *status_verb = app.add_subcommand("status", "Totals, nodes, policy, daemon, module");

	memhp::ChangeWords words;
	memhp::ChangeOptions online;
	online.request.change = memhp::Change::online;
	auto *online_verb = app.add_subcommand("online", "Bring memory online");
	online_verb->add_option("target", online.request.target, target_help)->required();
	online_verb->add_option("--zone", words.zone, "movable (default), kernel or auto")
		->type_name("ZONE");
	online_verb->add_flag("--dry-run", online.dry_run, "Only show which blocks");

	memhp::ChangeOptions offline;
	offline.request.change = memhp::Change::offline;
	auto *offline_verb = app.add_subcommand("offline", "Take memory offline, with retries");
	offline_verb->add_option("target", offline.request.target, target_help)->required();
	add_offline_options(*offline_verb, offline, words);
	offline_verb->add_flag("--yes", offline.yes, "Do not ask");
	offline_verb->add_flag(
		"--force", offline.request.force,
		"Also blocks that only the host can take back (virtio-mem, balloons)");
	offline_verb->add_flag("--all-or-nothing", offline.request.all_or_nothing,
			       "Put everything back where not all of it goes");
	offline_verb->add_flag("--trial", offline.request.trial,
			       "One attempt on one block, which is put back: what keeps it?");
	offline_verb->add_flag("--eject", offline.request.eject,
			       "Then take the device out; the target is one whole device");

	memhp::ChangeOptions eject;
	eject.request.all_or_nothing = true;
	eject.request.eject = true;
	std::string device;
	auto *eject_verb = app.add_subcommand(
		"eject", "Take a device of the firmware (a DIMM) offline and out, or leave it");
	eject_verb->add_option("device", device, "As list names it: PNP0C80:00")->required();
	add_offline_options(*eject_verb, eject, words);
	eject_verb->add_flag("--force", eject.request.force,
			     "Also memory that was there at boot, and the last memory of a node "
			     "that a cpuset or a memory policy names");

	for (auto *verb : {online_verb, offline_verb, eject_verb}) {
		verb->add_option("--deadline", words.deadline, "Give up after (default 10m)")
			->type_name("D");
		verb->add_option("--attempt-deadline", words.attempt_deadline,
				 "First attempt on a block (default 2s); doubles up to 30s")
			->type_name("D");
	}

	std::vector<std::string> requests;
	auto *cancel_verb = app.add_subcommand("cancel", "End requests that memhpd carries out");
	cancel_verb->add_option("request", requests, "Numbers as status shows them, or all")
		->required();

	std::vector<std::string> explained;
	auto *explain_verb = app.add_subcommand("explain", "Why a block can or cannot go offline");
	explain_verb
		->add_option("target", explained,
			     "blocks (32-47), addresses (0x…-0x…), node:N, zone:Z, device:D, all")
		->required();

	auto *events_verb =
		app.add_subcommand("events", "History, as the kernel module recorded it");
	memhp::EventsOptions events;
	std::vector<std::string> event_blocks;
	events_verb->add_option("--since", events.since, "10m ago, 14:03, '2026-05-01 14:03'")
		->type_name("TIME");
	events_verb->add_option("--block", event_blocks, "Only of these: 32, 32-47")
		->type_name("BLOCK");
	std::vector<std::string> event_nodes;
	events_verb->add_option("--node", event_nodes, "Only of these nodes")->type_name("N");
	auto *watch_verb = app.add_subcommand("watch", "What happens from now on, until Ctrl-C");
	auto *stats_verb =
		app.add_subcommand("stats", "How attempts ended, and how long they took");

	memhp::WaitOptions wait;
	std::string wait_size;
	std::string wait_time;
	auto *wait_verb = app.add_subcommand("wait", "Wait until memory is online, for scripts");
	wait_verb->add_option("--online", wait_size, "Until so much of the machine is online")
		->type_name("SIZE");
	wait_verb->add_flag("--settled", wait.settled,
			    "Until nothing has come, gone or changed for 3s, and memhpd is idle");
	wait_verb->add_option("--timeout", wait_time, "Give up after (default: never)")
		->type_name("D");

	memhp::ProbeOptions probe;
	auto *probe_verb = app.add_subcommand(
		"probe", "Tell the kernel of new memory by hand, where it has that");
	probe_verb->add_option("address", probe.address, "Where a block begins: 0x180000000")
		->required()
		->type_name("ADDR");
	probe_verb->add_flag("--dry-run", probe.dry_run, "Only check the address");

	memhp::CollectOptions collect;
	auto *collect_verb =
		app.add_subcommand("collect", "Record the machine, for support and for --sysroot");
	collect_verb
		->add_option("file", collect.file, "To be made: .tar, .tar.gz, .tar.xz, .tar.zst")
		->required()
		->type_name("FILE");
	collect_verb->add_flag("--force", collect.force, "Replace the file");

	auto *metrics_verb = app.add_subcommand("metrics", "Numbers in the Prometheus format");

	auto *policy_verb = app.add_subcommand("policy", "What memhpd does with new memory");
	policy_verb->require_subcommand(1);
	std::string config;
	auto *check_verb = policy_verb->add_subcommand("check", "Look for mistakes in a file");
	check_verb
		->add_option("file", config,
			     "Such as " + std::string(memhp::default_config_path) +
				     "; - for the standard input")
		->required()
		->type_name("FILE");
	policy_verb->add_subcommand("show", "What is in force, and why each block is as it is");

	auto *plan_verb = app.add_subcommand("plan", "What would be, without doing it");
	plan_verb->require_subcommand(1);
	memhp::PlanWords plan_words;
	auto *add_verb = plan_verb->add_subcommand("add", "What policy would do with new memory");
	add_verb->add_option("size", plan_words.size, "How much, such as 64G")->required();
	add_verb->add_option("--node", plan_words.node, "On this NUMA node")->type_name("N");
	add_verb->add_option("--source", plan_words.source,
			     "acpi-dimm (default), virtio-mem, dax-kmem, hv-balloon, xen-balloon")
		->type_name("S");
	memhp::ChangeRequest plan_offline;
	auto *plan_offline_verb =
		plan_verb->add_subcommand("offline", "What the machine would be without it");
	plan_offline_verb->add_option("target", plan_offline.target, target_help)->required();
	plan_offline_verb->add_flag(
		"--force", plan_offline.force,
		"Also blocks that only the host can take back (virtio-mem, balloons)");

	auto *doctor_verb =
		app.add_subcommand("doctor", "What is wrong on this machine, and what to do");

	add_examples(app);

	try {
		app.parse(argc, argv);
	} catch (const CLI::CallForHelp &) {
		constexpr size_t texts = 30; // the column where CLI11 has them
		memhp::print_folded(app.help(), texts);
		return memhp::exit_done;
	} catch (const CLI::ParseError &error) {
		// Whatever is no verb CLI11 passes over to miss one.
		const auto rest = app.remaining(true);
		if (std::string_view(error.what()) == "A subcommand is required" && !rest.empty() &&
		    rest.front().substr(0, 1) != "-")
			return memhp::complain({{},
						fmt::format("'{}' is no verb; memhpctl --help "
							    "names them",
							    rest.front())},
					       memhp::exit_usage);
		app.exit(error);
		return memhp::exit_usage;
	}

	if (globals.sysroot.empty())
		return memhp::complain({{}, "--sysroot names no directory"}, memhp::exit_usage);
	if (list_verb->parsed())
		return memhp::verb_list(globals, list);
	if (map_verb->parsed()) {
		if (const auto read = memhp::read_size("--cell", cell, map.cell); !read)
			return memhp::complain(read.error(), memhp::exit_usage);
		return memhp::verb_map(globals, map);
	}
	if (status_verb->parsed())
		return memhp::verb_status(globals);
	if (cancel_verb->parsed())
		return memhp::verb_cancel(globals, requests);
	if (explain_verb->parsed())
		return memhp::verb_explain(globals, explained);
	if (events_verb->parsed()) {
		if (const auto read = memhp::read_blocks(event_blocks, events.filter.blocks); !read)
			return memhp::complain(read.error(), memhp::exit_usage);
		if (const auto read = memhp::read_nodes(event_nodes, events.filter.nodes); !read)
			return memhp::complain(read.error(), memhp::exit_usage);
		return memhp::verb_events(globals, events);
	}
	if (wait_verb->parsed()) {
		auto read = memhp::read_size("--online", wait_size, wait.online);
		if (read)
			read = memhp::read_span(wait_time, wait.timeout);
		if (!read)
			return memhp::complain(read.error(), memhp::exit_usage);
		return memhp::verb_wait(globals, wait);
	}
	if (probe_verb->parsed())
		return memhp::verb_probe(globals, probe);
	if (collect_verb->parsed())
		return memhp::verb_collect(globals, collect);
	if (stats_verb->parsed())
		return memhp::verb_stats(globals);
	if (watch_verb->parsed())
		return memhp::verb_watch(globals);
	if (metrics_verb->parsed())
		return memhp::verb_metrics(globals);
	if (check_verb->parsed())
		return memhp::verb_policy_check(globals, config);
	if (policy_verb->parsed())
		return memhp::verb_policy_show(globals);

	if (add_verb->parsed()) {
		const auto options = memhp::complete(plan_words);
		return options ? memhp::verb_plan_add(globals, *options)
			       : memhp::complain(options.error(), memhp::exit_usage);
	}
	if (plan_offline_verb->parsed()) {
		const auto target = memhp::parse_target(plan_offline.target);
		return target ? memhp::verb_plan_offline(globals, plan_offline)
			      : memhp::complain(target.error(), memhp::exit_usage);
	}
	if (doctor_verb->parsed())
		return memhp::verb_doctor(globals);

	// Whatever is a target of another kind is a mistake, and is told so.
	eject.request.target = {memhp::parse_target({device}) ? device : "device:" + device};
	auto &change = online_verb->parsed() ? online : eject_verb->parsed() ? eject : offline;
	const auto completed = memhp::complete(words, change.request);
	if (!completed)
		return memhp::complain(completed.error(), memhp::exit_usage);
	// excludes() of CLI11 would put the names where --help has the value of an option.
	if (change.request.trial && (change.no_wait || change.request.all_or_nothing))
		return memhp::complain({{},
					"--trial puts its one block back and waits for that: "
					"leave out --no-wait and --all-or-nothing"},
				       memhp::exit_usage);
	if (change.request.trial && !change.dry_run)
		return memhp::verb_trial(globals, change.request);
	return memhp::verb_change(globals, change);
}

} // namespace

int main(int argc, char **argv)
{
	try {
		return run(argc, argv);
	} catch (const std::exception &error) {
		// Such as a recorded tree that holds an answer of another form than memhpd's.
		return memhp::complain(
			{{}, fmt::format("something was not as expected: {}", error.what())});
	}
}
