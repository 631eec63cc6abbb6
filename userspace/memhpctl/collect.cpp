// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "memhp/version.h"
#include "memhpctl/clock.h"
#include "memhpctl/collect_list.h"
#include "memhpctl/collected.h"
#include "memhpctl/collector.h"
#include "memhpctl/json_text.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/base/fd.h"
#include "system/kernel/kmod.h"
#include "system/memory/page_size.h"
#include "system/varlink/varlink.h"

namespace memhp
{

using nlohmann::json;

namespace
{

constexpr size_t kernel_log_limit = 1 << 20;
constexpr size_t events_limit = 64 << 20; // more than the largest ring holds

/// Blocks that were there at boot, which a tree cannot tell any more.
std::string early_blocks(const std::vector<Block> &blocks)
{
	std::vector<uint64_t> early;
	for (const auto &block : blocks)
		if (block.source == Source::boot)
			early.push_back(block.number);
	return format_ranges(early) + "\n";
}

/// What only the running machine can tell.
Result<void> collect_live(const Globals &globals, Collector &collector)
{
	auto added = collector.text(collected_clock, Clock::record());
	if (added)
		added = collector.text(collected_page_size, page_size_record());
	auto client = varlink::Client::connect(globals.socket());
	for (const auto &[method, name] : {std::pair{"io.memhp.Status", collected_status},
					   std::pair{"io.memhp.Policy", collected_policy}}) {
		const auto answer = client ? client->call(method, json::object())
					   : Result<json>(fail(client.error()));
		if (added && answer)
			added = collector.text(name, json_text(*answer) + "\n");
	}
	if (added)
		added = collector.stream("dev/kmsg", collected_kernel_log, kernel_log_limit);
	return added;
}

Result<void> collect_all(const Globals &globals, const Sysfs &sysfs, Collector &collector)
{
	const auto blocks = sysfs.scan();
	if (!blocks)
		return fail(blocks.error());
	auto added = collector.text(collected_version, MEMHP_VERSION "\n");
	if (added)
		added = collector.text(collected_early, early_blocks(*blocks));
	if (added)
		added = globals.live() ? collect_live(globals, collector)
				       : collector.files("memhp-collect/*");
	if (added)
		added = collector.blocks(sysfs, *blocks);
	const auto release =
		read_file(sysfs.root_fd(), "proc/sys/kernel/osrelease").value_or("unknown");
	for (auto pattern : collected_files()) {
		constexpr std::string_view mark = "{release}";
		if (const auto at = pattern.find(mark); at != std::string::npos)
			pattern.replace(at, mark.size(), release);
		if (added)
			added = collector.files(pattern);
	}
	for (const auto &pattern : collected_links())
		if (added)
			added = collector.links(pattern);
	constexpr auto events = "sys/kernel/debug/memhp/events";
	if (added)
		added = collector.stream(events, events, events_limit);
	if (added && !collector.missing().empty())
		added = collector.text(collected_missing,
				       fmt::format("{}\n", fmt::join(collector.missing(), "\n")));
	return added;
}

} // namespace

int verb_collect(const Globals &globals, const CollectOptions &options)
{
	const auto &file = options.file;
	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	sysfs->set_early([root = sysfs->root_fd()] { return Kmod(root).early_blocks(); });
	const Error exists{std::make_error_code(std::errc::file_exists),
			   file + " exists; --force replaces it"};
	if (!options.force && access(file.c_str(), F_OK) == 0)
		return complain(exists);
	const auto stem = archive_stem(file);
	auto archive = Archive::create(file, stem + "/");
	if (!archive)
		return complain(archive.error(), stem.empty() ? exit_usage : exit_failed);

	Collector collector(sysfs->root_fd(), *archive);
	auto done = collect_all(globals, *sysfs, collector);
	if (done)
		done = archive->finish(options.force);
	if (!done)
		return complain(done.error().code == std::errc::file_exists ? exists
									    : done.error());
	const auto &missing = collector.missing();
	if (globals.json) {
		const json document = {{"file", file},
				       {"directory", stem},
				       {"files", collector.count()},
				       {"unreadable", missing}};
		fmt::print("{}\n", json_text(document));
		return exit_done;
	}
	fmt::print("{}: {} files; to look at it: tar xf {}; memhpctl --sysroot {} list\n", file,
		   collector.count(), file, stem);
	if (!missing.empty())
		print_note(fmt::format("{} files cannot be read{}: {}", missing.size(),
				       geteuid() == 0 ? "" : " (run it with sudo)",
				       missing.size() == 1 ? missing.front()
							   : missing.front() + "; …"));
	return exit_done;
}

} // namespace memhp
