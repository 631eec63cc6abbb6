// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory/recall.h"
#include "system/memory/sysfs_private.h"

namespace memhp
{
namespace
{

/// A block as one process hands it to another.
struct Parcel {
	enum class Kind : uint8_t {
		empty, ///< nobody has read it, or it does not fit
		block,
		gone,
	};

	Kind kind;
	BlockState state;
	Zone zone;
	Source source;
	ZoneList candidates;
	std::array<char, 40> device; ///< ends in a zero
};

void pack(const Result<Block> &block, Parcel &parcel)
{
	if (!block) {
		parcel.kind = gone(block.error()) ? Parcel::Kind::gone : Parcel::Kind::empty;
		return;
	}
	if (block->device.size() >= parcel.device.size())
		return;
	parcel.state = block->state;
	parcel.zone = block->zone;
	parcel.source = block->source;
	parcel.candidates = block->candidates;
	std::memcpy(parcel.device.data(), block->device.data(), block->device.size());
	parcel.kind = Parcel::Kind::block; // last: now it is whole
}

Block unpack(const Parcel &parcel, const ListedBlock &entry)
{
	Block block;
	block.number = entry.number;
	block.node = entry.node;
	block.state = parcel.state;
	block.zone = parcel.zone;
	block.source = parcel.source;
	block.candidates = parcel.candidates;
	block.inode = entry.inode;
	block.device = parcel.device.data();
	return block;
}

using ReadBlock = std::function<Result<Block>(const ListedBlock &)>;

/// Parcels of all entries, read by processes of their own, a part each. Memory that they share.
class Helpers
{
public:
	Helpers(const std::vector<ListedBlock> &entries, unsigned workers, const ReadBlock &read)
		: size_(entries.size() * sizeof(Parcel))
	{
		void *memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return;
		parcels_ = static_cast<Parcel *>(memory);
		std::vector<pid_t> children;
		for (size_t part = 0; part < workers; ++part) {
			const auto first = entries.size() * part / workers;
			const auto last = entries.size() * (part + 1) / workers;
			const bool own = part + 1 == workers;
			const auto pid = own ? 0 : fork();
			if (pid > 0)
				children.push_back(pid);
			if (pid != 0)
				continue; // where it failed the part stays empty
			for (auto i = first; i < last; ++i)
				pack(read(entries[i]), parcels_[i]);
			if (!own)
				_exit(0);
		}
		for (const auto child : children)
			while (waitpid(child, nullptr, 0) < 0 && errno == EINTR)
				;
	}
	~Helpers()
	{
		if (parcels_)
			munmap(parcels_, size_);
	}
	Helpers(const Helpers &) = delete;
	Helpers &operator=(const Helpers &) = delete;

	/// Nothing where nobody could read them.
	const Parcel *at(size_t index) const { return parcels_ ? &parcels_[index] : nullptr; }

private:
	size_t size_;
	Parcel *parcels_ = nullptr;
};

/// The nodes' directories link to their blocks: a few readdir calls instead of one a block.
std::vector<ListedBlock> entries_of(int root, const Numbered &numbers)
{
	std::vector<NodeLink> links;
	links.reserve(numbers.size());
	const auto nodes = numbered_entries(root, node_dir, "node");
	for (const auto &[node, inode] : nodes ? *nodes : Numbered()) {
		const auto linked = numbered_entries(root, fmt::format("{}/node{}", node_dir, node),
						     block_prefix);
		if (!linked)
			continue;
		for (const auto &[number, link] : *linked)
			links.emplace_back(number, static_cast<int>(node));
	}
	return with_nodes(numbers, std::move(links), nodes.has_value());
}

} // namespace

std::vector<ListedBlock> with_nodes(const Numbered &blocks, std::vector<NodeLink> links,
				    bool has_nodes)
{
	std::sort(links.begin(), links.end());
	auto link = links.begin();
	std::vector<ListedBlock> entries;
	entries.reserve(blocks.size());
	for (const auto &[number, inode] : blocks) {
		link = std::find_if(link, links.end(), [wanted = number](const auto &one) {
			return one.first >= wanted;
		});
		const bool on_node = link != links.end() && link->first == number;
		ListedBlock entry = {number, inode, on_node || !has_nodes, std::nullopt};
		// Of several nodes none is the block's.
		if (on_node && (std::next(link) == links.end() || std::next(link)->first != number))
			entry.node = link->second;
		entries.push_back(entry);
	}
	return entries;
}

Result<Block> Sysfs::read_listed(const ListedBlock &listed, const Detail &detail,
				 const Recall *recall, Origins &origins) const
{
	auto known = recall ? recall->find(listed.number, listed.inode) : std::optional<Block>();
	auto block = known ? Result<Block>(std::move(*known))
			   : read_block(listed.number, detail.zone,
					detail.candidates && listed.complete);
	if (!block)
		return block;
	block->inode = listed.inode;
	block->node = listed.node;
	if (detail.origin && block->source == Source::unknown)
		find_source(*block, origins);
	return block;
}

Result<std::vector<Block>> Sysfs::scan(Detail detail, const Recall *recall) const
{
	constexpr size_t worth_a_process = 4096;

	// The inodes first: the state of a later life does no harm, that of an earlier would.
	const auto numbers = list(detail.inode);
	if (!numbers)
		return fail(numbers.error());
	const auto entries = entries_of(root_.get(), *numbers);
	Origins origins;
	if (detail.origin && !numbers->empty())
		origins = find_origins(numbers->front().first);

	const auto read = [&](const ListedBlock &entry) {
		return read_listed(entry, detail, recall, origins);
	};
	const auto workers = static_cast<unsigned>(
		std::min<size_t>(detail.processes, entries.size() / worth_a_process));
	std::optional<Helpers> helpers;
	if (workers > 1)
		helpers.emplace(entries, workers, read);

	std::vector<Block> blocks;
	blocks.reserve(entries.size());
	for (size_t i = 0; i < entries.size(); ++i) {
		const auto *parcel = helpers ? helpers->at(i) : nullptr;
		if (parcel && parcel->kind == Parcel::Kind::gone)
			continue;
		auto block = parcel && parcel->kind == Parcel::Kind::block
				     ? unpack(*parcel, entries[i])
				     : read(entries[i]);
		if (!block && gone(block.error()))
			continue;
		if (!block)
			return fail(block.error());
		blocks.push_back(std::move(*block));
	}
	return blocks;
}

} // namespace memhp
