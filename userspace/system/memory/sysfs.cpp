// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/sysfs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/memory/sysfs_private.h"

namespace memhp
{
namespace
{

/// Below the directory of the blocks.
std::string block_dir(uint64_t block) { return fmt::format("memory{}", block); }

/// A file of a block's directory. A scan opens hundreds of thousands: no path is built on the heap
/// but for a message.
Result<Fd> open_of_block(int memory, uint64_t block, const char *name)
{
	std::array<char, 64> path;
	*fmt::format_to_n(path.data(), path.size() - 1, "memory{}/{}", block, name).out = '\0';
	Fd file(openat(memory, path.data(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	if (file.get() < 0)
		return fail_errno(errno, path.data());
	return file;
}

/// The content of an open file of at most a page, in `buffer`, without its newline.
using Page = std::array<char, 4096>;
Result<std::string_view> read_page(const Fd &file, Page &buffer, uint64_t block, const char *name)
{
	ssize_t got = 0;
	do {
		got = pread(file.get(), buffer.data(), buffer.size(), 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail_errno(errno, fmt::format("memory{}/{}", block, name));
	std::string_view content(buffer.data(), static_cast<size_t>(got));
	while (!content.empty() && content.back() == '\n')
		content.remove_suffix(1);
	return content;
}

/// A section has 16 MiB at least.
constexpr uint64_t smallest_block = 16 << 20;

bool is_block_size(uint64_t bytes)
{
	return bytes >= smallest_block && bytes <= largest_block && (bytes & (bytes - 1)) == 0;
}

bool is_sysfs(const Fd &file)
{
	struct statfs system;
	return fstatfs(file.get(), &system) == 0 && system.f_type == SYSFS_MAGIC;
}

std::vector<std::string_view> words(std::string_view text)
{
	std::vector<std::string_view> result;
	while (!text.empty()) {
		const auto begin = text.find_first_not_of(" \t\n");
		if (begin == std::string_view::npos)
			break;
		text.remove_prefix(begin);
		const auto end = std::min(text.find_first_of(" \t\n"), text.size());
		result.push_back(text.substr(0, end));
		text.remove_prefix(end);
	}
	return result;
}

} // namespace

Result<Sysfs> Sysfs::open(const std::string &root)
{
	Sysfs sysfs;
	auto fd = open_at(AT_FDCWD, root, O_PATH | O_DIRECTORY);
	if (!fd)
		return fail(fd.error());
	sysfs.root_ = std::move(*fd);

	const auto text =
		read_file(sysfs.root_.get(), fmt::format("{}/block_size_bytes", memory_dir));
	if (!text && gone(text.error()))
		return fail({text.error().code,
			     fmt::format("{}/{} does not exist: this kernel has no memory hotplug "
					 "(CONFIG_MEMORY_HOTPLUG), or /sys is not mounted",
					 root == "/" ? "" : root, memory_dir)});
	if (!text)
		return fail(text.error());
	auto memory = open_at(sysfs.root_.get(), memory_dir, O_PATH | O_DIRECTORY);
	if (!memory)
		return fail(memory.error());
	sysfs.memory_ = std::move(*memory);
	// Others may list the inode of another layer.
	sysfs.listed_inodes_ = is_sysfs(sysfs.memory_);
	if (!parse_number(*text, 16, sysfs.block_size_) || !is_block_size(sysfs.block_size_))
		return fail_input(fmt::format("{}/block_size_bytes holds '{}', which is no size of "
					      "memory blocks",
					      memory_dir, *text));
	return sysfs;
}

std::string Sysfs::state_path(uint64_t block)
{
	return fmt::format("{}/memory{}/state", memory_dir, block);
}

namespace
{

/// Of an open state file.
Result<BlockState> read_state(const Fd &file, uint64_t block)
{
	Page buffer;
	const auto text = read_page(file, buffer, block, "state");
	if (!text)
		return fail(text.error());
	return parse_block_state(*text);
}

} // namespace

Result<BlockState> Sysfs::state(uint64_t block) const
{
	const auto file = open_of_block(memory_.get(), block, "state");
	if (!file)
		return fail(file.error());
	return read_state(*file, block);
}

Result<std::string> Sysfs::attribute(uint64_t block, const char *name) const
{
	const auto file = open_of_block(memory_.get(), block, name);
	if (!file)
		return fail(file.error());
	Page buffer;
	const auto text = read_page(*file, buffer, block, name);
	if (!text)
		return fail(text.error());
	return std::string(*text);
}

Result<uint64_t> Sysfs::inode(uint64_t block) const
{
	const auto dir = block_dir(block);
	struct stat status;
	if (fstatat(memory_.get(), dir.c_str(), &status, 0) < 0)
		return fail_errno(errno, dir);
	return status.st_ino;
}

Result<Zone> Sysfs::zone(uint64_t block) const
{
	const auto found = present(block);
	if (!found)
		return fail(found.error());
	return found->zone;
}

Result<Sysfs::Present> Sysfs::present(uint64_t block) const
{
	const auto found = read_block(block, true, false);
	if (!found)
		return fail(found.error());
	return Present{found->state, found->zone};
}

Result<Block> Sysfs::read_block(uint64_t number, bool zone_wanted, bool candidates) const
{
	Block block;
	block.number = number;

	const auto state_file = open_of_block(memory_.get(), number, "state");
	if (!state_file)
		return fail(state_file.error());
	const auto before = read_state(*state_file, number);
	if (!before)
		return fail(before.error());
	block.state = *before;
	// Linux 6.1 oopses (7.3 does not) where the zones of an offline block are read that has no
	// node yet: valid_zones_show() in drivers/base/memory.c.
	if (!(*before == BlockState::online ? zone_wanted : candidates))
		return block;
	const auto zones_file = open_of_block(memory_.get(), number, "valid_zones");
	Page buffer;
	const auto zones = zones_file ? read_page(*zones_file, buffer, number, "valid_zones")
				      : Result<std::string_view>(fail(zones_file.error()));
	const auto after = read_state(*state_file, number);
	if (!after)
		return fail(after.error());
	block.state = *after;
	if (!zones)
		return block; // without CONFIG_MEMORY_HOTREMOVE there is no such file
	if (*before == BlockState::online && *after == BlockState::online)
		block.zone = parse_zone(*zones).value_or(Zone::none);
	else if (*before == BlockState::offline && *after == BlockState::offline)
		for (const auto word : words(*zones))
			if (const auto zone = parse_zone(word))
				block.candidates.push_back(*zone);
	return block;
}

Result<Block> Sysfs::look(uint64_t number) const
{
	auto block = read_block(number, true, false);
	if (!block)
		return block;
	const auto found = listed(number);
	if (!found)
		return fail(found.error());
	block->node = found->node;
	return block;
}

Result<ListedBlock> Sysfs::listed(uint64_t number) const
{
	const auto found = inode(number);
	if (!found)
		return fail(found.error());
	const auto nodes = numbered_entries(memory_.get(), block_dir(number), "node");
	if (!nodes)
		return fail(nodes.error());
	ListedBlock block = {number, *found, !nodes->empty(), std::nullopt};
	if (nodes->size() == 1)
		block.node = static_cast<int>(nodes->front().first);
	return block;
}

Result<std::vector<uint64_t>> Sysfs::numbers() const
{
	const auto entries = numbered_entries(root_.get(), memory_dir, block_prefix);
	if (!entries)
		return fail(entries.error());
	return numbers_of(*entries);
}

Result<std::vector<std::pair<uint64_t, uint64_t>>> Sysfs::list(bool inodes) const
{
	auto entries = numbered_entries(root_.get(), memory_dir, block_prefix);
	if (!entries || listed_inodes_ || !inodes)
		return entries;
	Numbered present;
	for (const auto &[number, listed] : *entries)
		if (const auto inode = this->inode(number))
			present.emplace_back(number, *inode);
		else if (!gone(inode.error()))
			return fail(inode.error());
	return present;
}

void Sysfs::read_candidates(std::vector<Block> &blocks) const
{
	const bool nodes = open_at(root_.get(), node_dir, O_PATH | O_DIRECTORY).has_value();
	for (auto &block : blocks) {
		if (block.state != BlockState::offline || (nodes && !block.node))
			continue;
		if (auto read = read_block(block.number, true, true))
			block.candidates = std::move(read->candidates);
	}
}

std::optional<uint64_t> Sysfs::boot_mark(uint64_t lowest_block) const
{
	// sysfs numbers its inodes in the order in which they come into being (64 bits, kernfs of
	// Linux 5.5 and later). driver_init() makes the blocks of the boot, then this directory,
	// and only after that can drivers add memory.
	const auto dir = open_at(root_.get(), "sys/devices/system/container", O_PATH | O_DIRECTORY);
	struct stat mark;
	struct stat block;
	if (!dir || !is_sysfs(*dir) || fstat(dir->get(), &mark) < 0 ||
	    fstatat(memory_.get(), block_dir(lowest_block).c_str(), &block, 0) < 0)
		return std::nullopt;
	// Where that were not so, no machine would have boot memory at all.
	if (block.st_ino > mark.st_ino)
		return std::nullopt;
	return mark.st_ino;
}

Sysfs::Origins Sysfs::find_origins(uint64_t lowest_block) const
{
	Origins origins;
	origins.boot_mark = boot_mark(lowest_block);
	if (!origins.boot_mark && early_)
		origins.early = early_();
	if (const auto text = read_file(root_.get(), collected_early))
		origins.collected_early =
			text->empty() ? std::vector<Target::Range>()
				      : parse_target({*text}).value_or(Target()).numbers;
	auto iomem = read_iomem(root_.get());
	origins.drivers_hidden = !iomem && iomem.error().code == std::errc::permission_denied;
	if (iomem)
		origins.added = std::move(*iomem);
	origins.balloon = find_balloon(root_.get());
	return origins;
}

void Sysfs::find_source(Block &block, Origins &origins) const
{
	const auto start = block.number * block_size_;
	AddedMemory *around = nullptr; ///< all of it, by no driver
	for (auto &added : origins.added) {
		if (added.first >= start + block_size_ || added.last < start)
			continue;
		if (added.source != Source::unknown) {
			block.source = added.source;
			block.device = added.device;
		} else if (added.first <= start && added.last >= start + block_size_ - 1) {
			around = &added;
		}
	}
	if (block.source != Source::unknown)
		return;

	std::optional<bool> early;
	if (const auto known = origins.early.find(block.number); known != origins.early.end())
		early = known->second;
	else if (origins.boot_mark)
		early = block.inode < *origins.boot_mark;
	else if (origins.collected_early)
		early = std::any_of(
			origins.collected_early->begin(), origins.collected_early->end(),
			[&](const Target::Range &range) {
				return block.number >= range.first && block.number <= range.second;
			});
	// What the firmware adds at once is one device's and one resource, which the kernel merges
	// with no other (merge_system_ram_resource(), for drivers only): a link for all its blocks.
	const bool at_once = around && early == false;
	auto link = at_once && !around->device.empty()
			    ? Result<std::string>(around->device)
			    : read_link(memory_.get(), block_dir(block.number) + "/firmware_node");
	if (link)
		block.device = link->substr(link->rfind('/') + 1);
	if (link && at_once)
		around->device = block.device;
	// Without the drivers' names what has no device may be theirs.
	if (early.value_or(!link && !origins.drivers_hidden)) {
		block.source = Source::boot;
	} else if (link) {
		block.source = Source::acpi_dimm;
	} else if (origins.balloon && !origins.drivers_hidden) {
		block.source = origins.balloon->source;
		block.device = origins.balloon->device;
	}
}

} // namespace memhp
