// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/pages.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "system/base/fd.h"
#include "system/base/loop.h"
#include "system/kernel/load.h"
#include "system/memory/page_size.h"

namespace memhp
{
namespace
{

constexpr auto flags_path = "proc/kpageflags";
constexpr size_t chunk = 512; ///< pages of a read, 2 MiB of memory with pages of 4 KiB
/// Of so many chunks one is read for a sample.
constexpr uint64_t sample = 8;

/// Counts every `stride`th chunk of a block of so many pages. Pages beyond the end of memory are
/// not there.
Result<PageCount> count_pages(const Fd &file, uint64_t pages, uint64_t block, uint64_t stride)
{
	PageCount result;
	std::array<uint64_t, chunk> flags;
	for (uint64_t at = 0; at < pages; at += chunk * stride) {
		const auto wanted = std::min<uint64_t>(chunk, pages - at) * sizeof(uint64_t);
		const auto got = pread(file.get(), flags.data(), wanted,
				       static_cast<off_t>((block * pages + at) * sizeof(uint64_t)));
		if (got < 0)
			return fail_errno(errno, flags_path);
		result.add(flags.data(), static_cast<size_t>(got) / sizeof(uint64_t));
	}
	return result;
}

} // namespace

Result<std::set<uint64_t>> poisoned_blocks(int root_fd, uint64_t block_size,
					   const std::vector<uint64_t> &blocks)
{
	const auto bytes = poisoned_bytes(root_fd);
	if (!bytes)
		return fail(bytes.error());
	std::set<uint64_t> poisoned;
	if (*bytes == 0 || blocks.empty())
		return poisoned;
	const auto file = open_at(root_fd, flags_path, O_RDONLY);
	if (!file)
		return fail(
			{file.error().code,
			 fmt::format("{} of this machine's memory is poisoned, and where cannot "
				     "be read: {}",
				     format_size(*bytes), file.error().message)});
	const auto block_pages = block_size / page_size_of(root_fd);
	for (const auto block : blocks) {
		const auto pages = count_pages(*file, block_pages, block, 1);
		if (!pages)
			return fail(pages.error());
		if (pages->poisoned > 0)
			poisoned.insert(block);
	}
	return poisoned;
}

std::map<uint64_t, unsigned> block_costs(int root_fd, uint64_t block_size,
					 const std::vector<uint64_t> &blocks, Time patience)
{
	std::map<uint64_t, unsigned> costs;
	const auto file = open_at(root_fd, flags_path, O_RDONLY);
	const auto until = Loop::now() + patience;
	if (!file)
		return costs;
	const auto block_pages = block_size / page_size_of(root_fd);
	for (const auto block : blocks) {
		if (Loop::now() >= until)
			break;
		const auto pages = count_pages(*file, block_pages, block, sample);
		if (!pages)
			return {};
		costs[block] = cost(*pages);
	}
	return costs;
}

} // namespace memhp
