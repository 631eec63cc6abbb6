// SPDX-License-Identifier: GPL-2.0-only
#include "system/explain/owners.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "system/base/fd.h"
#include "system/base/loop.h"
#include "system/memory/page_size.h"

namespace memhp
{
namespace
{

/// Entries of a page map that are read at once, and in a step: 64 MiB and 1 GiB of addresses with
/// pages of 4 KiB.
constexpr size_t chunk = 16384;
constexpr size_t chunks_of_step = 16;

bool in(const std::vector<Span> &spans, uint64_t value)
{
	return std::any_of(spans.begin(), spans.end(),
			   [&](const Span &span) { return span.holds(value); });
}

std::vector<Span> spans_of(const std::vector<HeldPage> &held)
{
	std::vector<Span> spans;
	for (const auto &page : held)
		spans.push_back({page.pfn, page.pfn + page.pages});
	return spans;
}

} // namespace

OwnerSearch::OwnerSearch(int root_fd, std::vector<Span> spans, const std::vector<HeldPage> &held,
			 Time patience)
	: root_fd_(root_fd), page_size_(page_size_of(root_fd)), spans_(std::move(spans)),
	  held_(spans_of(held)), patience_(patience)
{
	uint64_t pid = 0;
	for (const auto &name : names_in(root_fd_, "proc").value_or(std::vector<std::string>()))
		if (parse_number(name, 10, pid) && static_cast<pid_t>(pid) != getpid())
			pids_.push_back(static_cast<int>(pid));
	// The newest last: what holds a page for a while has usually run for a while.
	std::sort(pids_.rbegin(), pids_.rend());
}

bool OwnerSearch::step()
{
	const auto began = Loop::now();
	const bool more = pagemap_ ? read_areas() : next_process();
	spent_ += Loop::now() - began;
	return more && spent_ < patience_;
}

bool OwnerSearch::next_process()
{
	if (pids_.empty())
		return false;
	current_ = {};
	current_.pid = pids_.back();
	pids_.pop_back();
	const auto dir = fmt::format("proc/{}/", current_.pid);
	const auto maps = read_file(root_fd_, dir + "maps");
	if (!maps || maps->empty()) {
		// One that has ended owns nothing, nor does a thread of the kernel.
		missed_ |= !maps && maps.error().code == std::errc::permission_denied;
		return true;
	}
	auto pagemap = open_at(root_fd_, dir + "pagemap", O_RDONLY);
	if (!pagemap) {
		missed_ |= pagemap.error().code == std::errc::permission_denied;
		return true;
	}
	areas_ = parse_maps(*maps);
	std::reverse(areas_.begin(), areas_.end());
	pagemap_ = std::move(*pagemap);
	return true;
}

bool OwnerSearch::read_areas()
{
	std::vector<uint64_t> entries(chunk);
	for (size_t i = 0; i < chunks_of_step && !areas_.empty(); ++i) {
		auto &area = areas_.back();
		const auto wanted = std::min<uint64_t>(chunk, (area.end - area.first) / page_size_);
		const auto got = wanted == 0 ? 0
					     : pread(pagemap_.get(), entries.data(),
						     wanted * sizeof(uint64_t),
						     static_cast<off_t>(area.first / page_size_ *
									sizeof(uint64_t)));
		if (got <= 0) {
			areas_.pop_back();
			continue;
		}
		const auto count = static_cast<size_t>(got) / sizeof(uint64_t);
		for (size_t at = 0; at < count; ++at)
			if (const auto pfn = mapped_pfn(entries[at]))
				note(*pfn, area.first + at * page_size_);
		area.first += count * page_size_;
		if (count == 0 || area.first >= area.end)
			areas_.pop_back();
	}
	if (areas_.empty())
		close_process();
	return true;
}

void OwnerSearch::note(uint64_t pfn, uint64_t address)
{
	// Hidden: nothing can be said of this process.
	missed_ |= pfn == 0;
	if (in(spans_, pfn))
		++current_.pages;
	for (const auto &page : held_) {
		if (!page.holds(pfn))
			continue;
		seen_.emplace_back(page.first, address);
		if (current_.held.empty() || current_.held.back() != page.first)
			current_.held.push_back(page.first);
	}
}

/// Looks closer at one that has pages.
void OwnerSearch::close_process()
{
	pagemap_.reset();
	const auto seen = std::exchange(seen_, {});
	if (current_.pages == 0 && current_.held.empty())
		return;
	auto &held = current_.held;
	std::sort(held.begin(), held.end());
	held.erase(std::unique(held.begin(), held.end()), held.end());
	const auto dir = fmt::format("proc/{}/", current_.pid);
	current_.comm = read_file(root_fd_, dir + "comm").value_or("");
	if (!held.empty()) {
		std::vector<Span> buffers;
		for (const auto &name :
		     names_in(root_fd_, dir + "fd").value_or(std::vector<std::string>())) {
			const auto target = read_link(root_fd_, dir + "fd/" + name).value_or("");
			current_.vfio |= target.find("/dev/vfio/") != std::string::npos ||
					 target.find("[vfio") != std::string::npos ||
					 target == "/dev/iommu";
			if (target.find("[io_uring]") == std::string::npos)
				continue;
			const auto info = read_file(root_fd_, dir + "fdinfo/" + name);
			const auto more = parse_fixed_buffers(info.value_or(""));
			buffers.insert(buffers.end(), more.begin(), more.end());
		}
		// A buffer need not begin with its page.
		for (auto &buffer : buffers) {
			buffer.first -= buffer.first % page_size_;
			buffer.end += (page_size_ - buffer.end % page_size_) % page_size_;
		}
		for (const auto &[page, address] : seen)
			if (in(buffers, address) &&
			    (current_.buffers.empty() || current_.buffers.back() != page))
				current_.buffers.push_back(page);
	}
	owners_.processes.push_back(std::move(current_));
}

Owners OwnerSearch::take()
{
	owners_.complete = pids_.empty() && !pagemap_ && !missed_;
	std::sort(owners_.processes.begin(), owners_.processes.end(),
		  [](const Owner &a, const Owner &b) {
			  return std::make_tuple(b.held.size(), b.pages, a.pid) <
				 std::make_tuple(a.held.size(), a.pages, b.pid);
		  });
	return std::move(owners_);
}

Owners find_owners(int root_fd, std::vector<Span> spans, const std::vector<HeldPage> &held,
		   Time patience)
{
	OwnerSearch search(root_fd, std::move(spans), held, patience);
	while (search.step())
		;
	return search.take();
}

namespace
{

/// One entry of a file with an entry of 64 bits for each page of the machine.
std::optional<uint64_t> page_entry(const Fd &file, uint64_t pfn)
{
	uint64_t entry = 0;
	if (pread(file.get(), &entry, sizeof(entry), static_cast<off_t>(pfn * sizeof(entry))) !=
	    sizeof(entry))
		return std::nullopt;
	return entry;
}

constexpr uint64_t compound_tail = uint64_t{1} << 16;
/// No compound page has more: 16 GiB in pages of 4 KiB.
constexpr uint64_t compound_max = uint64_t{1} << 22;

uint64_t compound_pages(const Fd &flags, uint64_t pfn)
{
	std::array<uint64_t, 512> entries;
	uint64_t pages = 1;
	while (pages < compound_max) {
		const auto got = pread(flags.get(), entries.data(), sizeof(entries),
				       static_cast<off_t>((pfn + pages) * sizeof(uint64_t)));
		const auto count = got > 0 ? static_cast<size_t>(got) / sizeof(uint64_t) : 0;
		for (size_t i = 0; i < count; ++i, ++pages)
			if (!(entries[i] & compound_tail))
				return pages;
		if (count < entries.size())
			break;
	}
	return pages;
}

/// The paths of control groups by the inode of their directory.
class CgroupPaths
{
public:
	explicit CgroupPaths(int root_fd) : root_fd_(root_fd)
	{
		for (const auto *mount : {"sys/fs/cgroup", "sys/fs/cgroup/memory"})
			if (faccessat(root_fd, fmt::format("{}/cgroup.procs", mount).c_str(), F_OK,
				      0) == 0)
				mount_ = mount;
	}

	/// Looks for all of `wanted` (inode to path), as long as there are not too many groups.
	void find(std::map<uint64_t, std::string> &wanted)
	{
		constexpr size_t most = 20000;
		if (mount_.empty() || wanted.empty())
			return;
		std::vector<std::string> todo = {""};
		for (size_t looked = 0; !todo.empty() && looked < most; ++looked) {
			const auto path = std::move(todo.back());
			todo.pop_back();
			struct stat status;
			if (fstatat(root_fd_, (mount_ + path).c_str(), &status, 0) < 0)
				continue;
			const auto found = wanted.find(status.st_ino);
			if (found != wanted.end())
				found->second = path.empty() ? "/" : path;
			for (const auto &name : names_in(root_fd_, mount_ + path, true)
							.value_or(std::vector<std::string>()))
				todo.push_back(path + "/" + name);
		}
	}

private:
	int root_fd_;
	std::string mount_;
};

} // namespace

void complete(int root_fd, std::vector<HeldPage> &held)
{
	const auto flags = open_at(root_fd, "proc/kpageflags", O_RDONLY);
	const auto counts = open_at(root_fd, "proc/kpagecount", O_RDONLY);
	for (auto &page : held) {
		if (flags)
			page.pages = compound_pages(*flags, page.pfn);
		if (counts)
			page.mapcount = page_entry(*counts, page.pfn);
	}
}

std::vector<CgroupUse> find_cgroups(int root_fd, const std::vector<Span> &spans,
				    const std::vector<HeldPage> &held)
{
	const auto file = open_at(root_fd, "proc/kpagecgroup", O_RDONLY);
	if (!file)
		return {};
	std::map<uint64_t, CgroupUse> uses;
	std::vector<uint64_t> inodes(chunk);
	for (const auto &span : spans)
		for (auto pfn = span.first; pfn < span.end;) {
			const auto wanted = std::min<uint64_t>(chunk, span.end - pfn);
			const auto got =
				pread(file->get(), inodes.data(), wanted * sizeof(uint64_t),
				      static_cast<off_t>(pfn * sizeof(uint64_t)));
			const auto count =
				got > 0 ? static_cast<size_t>(got) / sizeof(uint64_t) : 0;
			for (size_t i = 0; i < count; ++i)
				if (inodes[i] != 0)
					++uses[inodes[i]].pages;
			if (count == 0)
				break;
			pfn += count;
		}
	for (const auto &page : held)
		if (const auto inode = page_entry(*file, page.pfn); inode && *inode != 0)
			uses[*inode].held.push_back(page.pfn);
	std::map<uint64_t, std::string> paths;
	for (const auto &[inode, use] : uses)
		paths[inode] = "?";
	CgroupPaths(root_fd).find(paths);
	std::vector<CgroupUse> result;
	for (auto &[inode, use] : uses) {
		use.path = paths[inode];
		result.push_back(std::move(use));
	}
	std::sort(result.begin(), result.end(), [](const CgroupUse &a, const CgroupUse &b) {
		return std::make_tuple(b.held.size(), b.pages, a.path) <
		       std::make_tuple(a.held.size(), a.pages, b.path);
	});
	return result;
}

} // namespace memhp
