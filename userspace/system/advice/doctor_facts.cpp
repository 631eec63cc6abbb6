// SPDX-License-Identifier: GPL-2.0-only
#include "system/advice/doctor_facts.h"

#include <map>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "system/base/fd.h"
#include "system/config/config.h"
#include "system/config/hooks.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"
#include "system/memory/zoneinfo.h"
#include "system/varlink/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

bool is_missing(const Error &error)
{
	return error.code == std::errc::no_such_file_or_directory ||
	       error.code == std::errc::not_a_directory;
}

void read_memory(const DoctorPaths &paths, Facts &facts)
{
	auto sysfs = Sysfs::open(paths.sysroot);
	if (!sysfs) {
		facts.no_blocks = sysfs.error().message;
		return;
	}
	facts.block_size = sysfs->block_size();
	const Kmod kmod(sysfs->root_fd());
	sysfs->set_early([&kmod] { return kmod.early_blocks(); });
	auto blocks = sysfs->scan();
	if (!blocks) {
		facts.no_blocks = blocks.error().message;
		return;
	}
	facts.blocks = std::move(*blocks);
	facts.count = count_memory(sysfs->root_fd(), facts.blocks, facts.block_size);
}

void read_policy(const DoctorPaths &paths, Facts &facts)
{
	auto config = load_config(paths.config);
	if (config)
		facts.config = config->value_or(Config());
	else
		facts.mistakes = config.error();
	const auto &directory = facts.config.hooks.settled;
	if (directory.empty())
		return;
	const auto hooks = find_hooks((paths.sysroot == "/" ? "" : paths.sysroot) + directory);
	if (!hooks) {
		if (!is_missing(hooks.error()))
			facts.refused_hooks.push_back(hooks.error().message);
		return;
	}
	facts.hooks = hooks->names;
	for (const auto &[name, reason] : hooks->passed_over)
		facts.refused_hooks.push_back(fmt::format("{}: {}", name, reason));
}

/// Block numbers of "0-23,32-47", as format_ranges() writes them.
void add_ranges(std::string_view text, std::vector<uint64_t> &numbers)
{
	const auto target = parse_target({std::string(text)});
	if (!target)
		return;
	for (const auto &[first, last] : target->numbers)
		for (auto number = first; number <= last; ++number)
			numbers.push_back(number);
}

void take_status(const json &status, DaemonFacts &daemon)
{
	daemon.metrics_error = status.value("metrics_error", "");
	for (const auto &setting : status.value("settings", json::array()))
		if (setting.value("left", false))
			daemon.foreign.push_back({setting.value("setting", ""),
						  setting.value("now", ""),
						  setting.value("wanted", "")});
	daemon.unplugs_given_up = status.value("unplugs_given_up", uint64_t{0});
	if (const auto stuck = status.value("stuck", json()); stuck.is_object())
		daemon.stuck = stuck.value("block", uint64_t{0});
	daemon.pending = status.value("pending_online", uint64_t{0}) +
			 status.value("requests", json::array()).size() +
			 status.value("unplugs", json::array()).size();
}

void take_policy(const json &policy, DaemonFacts &daemon)
{
	auto &numbers = daemon.deliberate.emplace();
	for (const auto &device : policy.value("devices", json::array()))
		for (const auto &part : device.value("parts", json::array()))
			if (part.value("deliberate", false))
				add_ranges(part.value("blocks", ""), numbers);
}

/// Blocks that memhpd noted as offline on purpose, in lives that have not ended since: inodes of a
/// recorded tree tell nothing.
std::optional<std::vector<uint64_t>> saved_deliberate(int root_fd, bool live, const Facts &facts)
{
	const auto text = read_file(root_fd, "run/memhp/state.json");
	if (!text)
		return std::nullopt;
	std::map<uint64_t, uint64_t> inodes;
	for (const auto &block : facts.blocks)
		inodes[block.number] = block.inode;
	std::vector<uint64_t> numbers;
	try {
		const auto state = json::parse(*text);
		for (const auto &entry : state.at("blocks")) {
			const auto number = entry.at("block").get<uint64_t>();
			if (entry.at("standing") == "deliberate" &&
			    (!live || entry.at("inode") == inodes[number]))
				numbers.push_back(number);
		}
	} catch (const json::exception &) {
		return std::nullopt; // of another version, or cut off
	}
	return numbers;
}

} // namespace

DaemonFacts read_daemon_facts(int root_fd, const DoctorPaths &paths, Facts &facts)
{
	const bool live = paths.sysroot == "/";
	DaemonFacts daemon;
	daemon.enabled = read_link(root_fd, "etc/systemd/system/multi-user.target.wants/"
					    "memhpd.service")
				 .has_value();
	daemon.marker = open_at(root_fd, "run/memhpd/active", O_PATH).has_value();
	auto client = varlink::Client::connect(paths.socket);
	if (!client) {
		const auto &error = client.error();
		if (error.code == std::errc::permission_denied) {
			// It is for root and its group to ask; the mark must do.
			facts.unreadable.push_back("memhpd: " + error.message);
			daemon.running = daemon.marker;
		} else if (!is_missing(error) && error.code != std::errc::connection_refused &&
			   // Nobody listens below a root with so long a name.
			   error.code != std::errc::filename_too_long) {
			daemon.problem = error.message;
		} else {
			daemon.running = !live && daemon.marker;
			daemon.deliberate = saved_deliberate(root_fd, live, facts);
		}
		return daemon;
	}
	try {
		const auto status = client->call("io.memhp.Status", json::object());
		if (!status) {
			daemon.problem = status.error().message;
			return daemon;
		}
		take_status(status->at("status"), daemon);
		daemon.running = true;
		if (const auto policy = client->call("io.memhp.Policy", json::object()))
			take_policy(policy->at("policy"), daemon);
	} catch (const json::exception &error) {
		daemon.problem = fmt::format("its answer is not understood: {}", error.what());
	}
	return daemon;
}

Result<Facts> read_facts(const DoctorPaths &paths)
{
	const auto root = open_at(AT_FDCWD, paths.sysroot, O_PATH | O_DIRECTORY);
	if (!root)
		return fail(root.error());
	Facts facts;
	facts.config_path = default_config_path;
	read_policy(paths, facts);
	read_memory(paths, facts);
	facts.kernel = read_kernel_facts(root->get(), facts);
	facts.module = read_module_facts(root->get(), facts.kernel.release, facts);
	facts.others = read_others_facts(root->get(), facts);
	facts.daemon = read_daemon_facts(root->get(), paths, facts);
	return facts;
}

} // namespace memhp
