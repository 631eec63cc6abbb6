// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include "memhpctl/verbs.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// The memory of a machine, or a part of it.
struct Found {
	Sysfs sysfs;
	std::vector<Block> blocks; ///< ascending
};

/// Why there is none, and the exit status for it.
struct NotFound {
	Error error;
	ExitStatus status = exit_failed;
};

/// The blocks that `target` names, words as parse_target() takes them, all without any. A size is
/// a mistake here. `detail`: what will be looked at; zones, node and device are also read where the
/// target asks for them.
tl::expected<Found, NotFound> find_blocks(const Globals &globals,
					  const std::vector<std::string> &target,
					  Sysfs::Detail detail = {});

} // namespace memhp
