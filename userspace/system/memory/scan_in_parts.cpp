// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/scan_in_parts.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "system/memory/sysfs_private.h"

namespace memhp
{
namespace
{

/// A part: some hundred microseconds.
constexpr size_t some_entries = 512;
constexpr size_t some_blocks = 32;

} // namespace

ListInParts::ListInParts(const Sysfs &sysfs) : sysfs_(sysfs) {}
ListInParts::ListInParts(ListInParts &&) noexcept = default;
ListInParts::~ListInParts() = default;

Result<bool> ListInParts::go_on(const std::function<bool()> &enough)
{
	if (!entries_) {
		auto opened =
			NumberedEntries::open(sysfs_.root_fd(), Sysfs::memory_dir, block_prefix);
		if (!opened)
			return fail(opened.error());
		entries_ = std::make_unique<NumberedEntries>(std::move(*opened));
	}
	do {
		const auto more = entries_->read(some_entries);
		if (!more)
			return fail(more.error());
		if (!*more)
			return true;
	} while (!enough());
	return false;
}

std::vector<uint64_t> ListInParts::take() { return numbers_of(entries_->take()); }

/// Which blocks there are, by the directories of the blocks and of the nodes.
class ScanInParts::Listing
{
public:
	explicit Listing(const Sysfs &sysfs) : root_(sysfs.root_fd()) {}

	/// Reads some entries; the blocks once these were the last.
	Result<std::optional<std::vector<ListedBlock>>> go_on()
	{
		if (!blocks_) {
			const auto all = read_some(Sysfs::memory_dir, block_prefix);
			if (!all)
				return fail(all.error());
			if (!*all)
				return std::nullopt;
			blocks_ = numbers_->take();
			numbers_.reset();
			const auto nodes = numbered_entries(root_, node_dir, "node");
			has_nodes_ = nodes.has_value();
			nodes_ = nodes.value_or(Numbered());
			return std::nullopt;
		}
		if (node_ < nodes_.size()) {
			const auto node = nodes_[node_].first;
			const auto all =
				read_some(fmt::format("{}/node{}", node_dir, node), block_prefix);
			if (!all || *all) {
				// A node that goes meanwhile has no blocks.
				if (all)
					for (const auto &[number, link] : numbers_->take())
						links_.emplace_back(number, static_cast<int>(node));
				numbers_.reset();
				++node_;
			}
			return std::nullopt;
		}
		return with_nodes(*blocks_, std::move(links_), has_nodes_);
	}

private:
	/// True where these were the last.
	Result<bool> read_some(const std::string &path, std::string_view prefix)
	{
		if (!numbers_) {
			auto opened = NumberedEntries::open(root_, path, prefix);
			if (!opened)
				return fail(opened.error());
			numbers_ = std::move(*opened);
		}
		const auto more = numbers_->read(some_entries);
		if (!more)
			return fail(more.error());
		return !*more;
	}

	int root_;
	std::optional<NumberedEntries> numbers_;
	std::optional<Numbered> blocks_;
	bool has_nodes_ = false;
	Numbered nodes_;
	size_t node_ = 0;
	std::vector<NodeLink> links_;
};

ScanInParts::ScanInParts(const Sysfs &sysfs, const Recall *recall) : sysfs_(sysfs), recall_(recall)
{
}

ScanInParts::~ScanInParts() = default;

void ScanInParts::lost()
{
	gathering_.lost();
	listing_.reset();
	origins_.reset();
}

Result<bool> ScanInParts::go_on(const std::function<bool()> &enough,
				const std::function<void()> &drain)
{
	const std::function<void()> nothing = [] {};
	if (gathering_.at_once())
		drain();
	const bool at_once = gathering_.at_once();
	do {
		const auto done = step(at_once ? nothing : drain);
		if (!done)
			return fail(done.error());
		if (gathering_.step() == Gathering::Step::ready)
			return true;
	} while (at_once || !enough());
	return false;
}

Result<void> ScanInParts::step(const std::function<void()> &drain)
{
	switch (gathering_.step()) {
	case Gathering::Step::list:
		return list();
	case Gathering::Step::read:
		return read();
	case Gathering::Step::again:
		drain();
		// It may be another step now.
		return gathering_.step() == Gathering::Step::again ? read_again() : Result<void>();
	case Gathering::Step::ready:
		break;
	}
	return {};
}

Result<void> ScanInParts::list()
{
	if (!listing_)
		listing_ = std::make_unique<Listing>(sysfs_);
	auto blocks = listing_->go_on();
	if (!blocks)
		return fail(blocks.error());
	if (!*blocks)
		return {};
	listing_.reset();
	if (!(*blocks)->empty()) {
		lowest_ = (*blocks)->front().number;
		origins_ = std::make_unique<Sysfs::Origins>(sysfs_.find_origins(lowest_));
	}
	gathering_.listed(std::move(**blocks));
	return {};
}

Result<void> ScanInParts::read()
{
	for (auto listed : gathering_.to_read(some_blocks)) {
		// The inode first: the state of a later life does no harm, that of an earlier
		// would.
		if (!sysfs_.listed_inodes_) {
			const auto inode = sysfs_.inode(listed.number);
			if (!inode && gone(inode.error()))
				continue;
			if (!inode)
				return fail(inode.error());
			listed.inode = *inode;
		}
		auto block = read_block(listed);
		if (block)
			gathering_.read(std::move(*block));
		else if (!gone(block.error()))
			return fail(block.error());
	}
	return {};
}

Result<void> ScanInParts::read_again()
{
	const auto numbers = gathering_.to_read_again(some_blocks);
	if (!numbers.empty())
		// What has come since may be another device's.
		origins_ = std::make_unique<Sysfs::Origins>(sysfs_.find_origins(lowest_));
	for (const auto number : numbers) {
		const auto listed = sysfs_.listed(number);
		auto block = listed ? read_block(*listed) : Result<Block>(fail(listed.error()));
		if (!block && !gone(block.error()))
			return fail(block.error());
		gathering_.read_again(number,
				      block ? std::optional(std::move(*block)) : std::nullopt);
	}
	return {};
}

Result<Block> ScanInParts::read_block(const ListedBlock &listed)
{
	return sysfs_.read_listed(listed, {.candidates = false}, recall_, *origins_);
}

} // namespace memhp
