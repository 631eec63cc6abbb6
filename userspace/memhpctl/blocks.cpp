// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/blocks.h"

#include <algorithm>

#include <sched.h>

#include "core/offline/select.h"

namespace memhp
{
namespace
{

unsigned processors()
{
	constexpr int most = 8;
	cpu_set_t set;
	return sched_getaffinity(0, sizeof(set), &set) == 0
		       ? static_cast<unsigned>(std::clamp(CPU_COUNT(&set), 1, most))
		       : 1;
}

} // namespace

tl::expected<Found, NotFound>
find_blocks(const Globals &globals, const std::vector<std::string> &words, Sysfs::Detail detail)
{
	const auto refuse = [](Error error, ExitStatus status = exit_failed) {
		return tl::unexpected<NotFound>(NotFound{std::move(error), status});
	};
	const auto target = words.empty() ? Result<Target>() : parse_target(words);
	if (!target)
		return refuse(target.error(), exit_usage);
	if (target->bytes)
		return refuse({{},
			       "a size names no blocks here; write 32-47, 0x…-0x…, node:N, "
			       "zone:Z or device:D"},
			      exit_usage);
	detail.inode = false;
	detail.processes = processors();
	detail.zone |= !target->zones.empty();
	detail.candidates |= !target->zones.empty();
	detail.origin |= !target->devices.empty();

	auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return refuse(sysfs.error());
	sysfs->set_early([root = sysfs->root_fd()] { return Kmod(root).early_blocks(); });
	auto blocks = sysfs->scan(detail);
	if (blocks && !words.empty())
		blocks = match(*target, *blocks, sysfs->block_size());
	if (!blocks)
		return refuse(blocks.error());
	return Found{std::move(*sysfs), std::move(*blocks)};
}

} // namespace memhp
