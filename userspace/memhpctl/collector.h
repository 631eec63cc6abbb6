// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "system/base/archive.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// Where a collected tree has what collect made itself.
inline constexpr auto collected_version = "memhp-collect/version";
inline constexpr auto collected_kernel_log = "memhp-collect/dmesg";
inline constexpr auto collected_missing = "memhp-collect/missing";

/// Puts files of a machine into an archive. What is not there is passed over; what cannot be read
/// is noted. Failures are those of the archive.
class Collector
{
public:
	Collector(int root_fd, Archive &archive) : root_(root_fd), archive_(archive) {}

	/// The files or links that a pattern of collect_list.h stands for.
	Result<void> files(const std::string &pattern);
	Result<void> links(const std::string &pattern);
	/// The files and links of all blocks and of the nodes' directories. The zones of a block
	/// that the kernel still adds are not asked for.
	Result<void> blocks(const Sysfs &sysfs, const std::vector<Block> &blocks);
	/// All that a file gives that never ends, now.
	Result<void> stream(const std::string &path, const std::string &name, size_t limit);
	/// Something made for the archive.
	Result<void> text(const std::string &name, std::string_view content);

	size_t count() const { return count_; }
	/// "path: why", in the order in which they were met.
	const std::vector<std::string> &missing() const { return missing_; }

private:
	std::vector<std::string> expand(const std::string &pattern) const;
	Result<std::string> follow(std::string path);
	Result<void> file(const std::string &path);
	Result<void> link(const std::string &path, const std::string &target);

	int root_;
	Archive &archive_;
	std::set<std::string> added_;
	std::vector<std::string> missing_;
	size_t count_ = 0;
};

} // namespace memhp
