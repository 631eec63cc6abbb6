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

/// A block to be read, and what the directories tell of it.
struct Entry {
	uint64_t number = 0;
	uint64_t inode = 0;
	bool complete = false; ///< the kernel has ended its addition
	std::optional<int> node;
};

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

Block unpack(const Parcel &parcel, const Entry &entry)
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

using ReadBlock = std::function<Result<Block>(const Entry &)>;

/// Parcels of all entries, read by processes of their own, a part each. Memory that they share.
class Helpers
{
public:
	Helpers(const std::vector<Entry> &entries, unsigned workers, const ReadBlock &read)
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
std::vector<Entry> entries_of(int root, const Numbered &numbers)
{
	std::vector<std::pair<uint64_t, int>> node_of;
	node_of.reserve(numbers.size());
	const auto nodes = numbered_entries(root, node_dir, "node");
	for (const auto &[node, inode] : nodes ? *nodes : Numbered()) {
		const auto linked =
			numbered_entries(root, fmt::format("{}/node{}", node_dir, node), "memory");
		if (!linked)
			continue;
		for (const auto &[number, link] : *linked)
			node_of.emplace_back(number, static_cast<int>(node));
	}
	std::sort(node_of.begin(), node_of.end());
	auto node = node_of.begin();
	std::vector<Entry> entries;
	entries.reserve(numbers.size());
	for (const auto &[number, inode] : numbers) {
		Entry entry;
		entry.number = number;
		entry.inode = inode;
		const auto is_later = [wanted = number](const auto &one) {
			return one.first >= wanted;
		};
		node = std::find_if(node, node_of.end(), is_later);
		const bool on_node = node != node_of.end() && node->first == number;
		// The kernel links a block to its node last of all, where it has nodes.
		entry.complete = on_node || !nodes;
		// Of several nodes none is the block's.
		if (on_node &&
		    (std::next(node) == node_of.end() || std::next(node)->first != number))
			entry.node = node->second;
		entries.push_back(entry);
	}
	return entries;
}

} // namespace

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

	const auto read = [&](const Entry &entry) {
		auto known =
			recall ? recall->find(entry.number, entry.inode) : std::optional<Block>();
		auto block = known ? Result<Block>(std::move(*known))
				   : read_block(entry.number, detail.zone,
						detail.candidates && entry.complete);
		if (!block)
			return block;
		block->inode = entry.inode;
		block->node = entry.node;
		if (detail.origin && block->source == Source::unknown)
			find_source(*block, origins);
		return block;
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
