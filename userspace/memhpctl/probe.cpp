// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/units.h"
#include "memhpctl/json_text.h"
#include "memhpctl/verbs.h"
#include "system/base/fd.h"
#include "system/memory/sysfs.h"

namespace memhp
{
namespace
{

constexpr auto probe_file = "sys/devices/system/memory/probe";

/// Where a block may begin: "0x180000000", or as a decimal number.
Result<uint64_t> parse_address(std::string_view text, uint64_t block_size)
{
	const bool hex = text.substr(0, 2) == "0x";
	uint64_t address = 0;
	if (!parse_number(hex ? text.substr(2) : text, hex ? 16 : 10, address))
		return fail_input(fmt::format("'{}' is no address; write it as 0x180000000", text));
	if (address % block_size != 0)
		return fail_input(fmt::format("0x{:x} is no multiple of {}, the size of a block "
					      "here; 0x{:x} is",
					      address, format_size(block_size),
					      address / block_size * block_size));
	return address;
}

/// What the kernel did not take, and what that is likely to mean (register_memory_resource() in
/// mm/memory_hotplug.c).
Error refusal(const Error &error, uint64_t address)
{
	if (error.code == std::errc::file_exists)
		return {error.code, fmt::format("0x{:x} is taken by something else; /proc/iomem "
						"says by what",
						address)};
	if (error.code == std::errc::argument_list_too_long)
		return {error.code,
			fmt::format("0x{:x} is beyond what this kernel can address", address)};
	return error;
}

} // namespace

int verb_probe(const Globals &globals, const ProbeOptions &options)
{
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const auto address = parse_address(options.address, sysfs->block_size());
	if (!address)
		return complain(address.error(), exit_usage);
	const auto block = *address / sysfs->block_size();
	if (faccessat(sysfs->root_fd(), probe_file, F_OK, 0) < 0)
		return complain({{},
				 fmt::format("this kernel has no file /{}: it was built without "
					     "CONFIG_ARCH_MEMORY_PROBE, and finds memory by its "
					     "firmware or its drivers alone",
					     probe_file)});
	if (sysfs->state(block))
		return complain({{},
				 fmt::format("memory block {} at 0x{:x} is there already", block,
					     *address)});
	if (!options.dry_run) {
		if (!globals.live())
			return complain({{},
					 "--sysroot names a recorded tree, which cannot be "
					 "changed; add --dry-run to see what would be done"},
					exit_usage);
		if (geteuid() != 0)
			return complain({{}, "changing memory needs root; run it with sudo"});
		const auto written =
			write_value(sysfs->root_fd(), probe_file, fmt::format("0x{:x}", *address));
		if (!written)
			return complain(refusal(written.error(), *address));
		if (!sysfs->state(block))
			return complain({{},
					 fmt::format("the kernel took 0x{:x}, and there is no "
						     "memory block {}",
						     *address, block)});
	}
	if (globals.json)
		fmt::print("{}\n", json_text({{"block", block},
					      {"address", fmt::format("0x{:x}", *address)},
					      {"size", sysfs->block_size()},
					      {"dry_run", options.dry_run}}));
	else
		fmt::print("{} memory block {} at 0x{:x}, {}\n",
			   options.dry_run ? "would add" : "added", block, *address,
			   format_size(sysfs->block_size()));
	return exit_done;
}

} // namespace memhp
