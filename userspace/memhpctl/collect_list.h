// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace memhp
{

/// What collect takes of a machine beside its memory blocks, its nodes' links to them, and what it
/// makes itself. Paths below the root; in a path each `*` stands for any name, or part of one, and
/// `#` for a number.
/// `{release}` is the kernel's release.
std::vector<std::string> collected_files();

/// Likewise, of symbolic links.
std::vector<std::string> collected_links();

/// True where `name` is one that `pattern`, one part of a path, stands for.
bool fits(const std::string &name, const std::string &pattern);

} // namespace memhp
