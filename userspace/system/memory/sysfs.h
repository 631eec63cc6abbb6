// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"
#include "core/memory/gathering.h"
#include "system/base/fd.h"

namespace memhp
{

/// The file of a collected tree that names the blocks that were there at boot: "0-23,40".
inline constexpr auto collected_early = "memhp-collect/early";

class Recall;

/// The memory side of /sys and /proc of one machine: the running one, or a recorded tree.
class Sysfs
{
public:
	/// `root` is "/" or the directory of a recorded tree. Fails where it has no
	/// sys/devices/system/memory, and says what that means.
	static Result<Sysfs> open(const std::string &root);

	/// Bytes of a memory block. Source: block_size_bytes (hexadecimal without prefix).
	uint64_t block_size() const { return block_size_; }

	/// Numbers of all memory blocks, ascending: far cheaper than a scan.
	Result<std::vector<uint64_t>> numbers() const;

	/// What a scan tells of a block beside its number, state and node. Each costs a few system
	/// calls a block.
	struct Detail {
		bool zone = true;	///< of an online block
		bool candidates = true; ///< of an offline block
		bool origin = true;	///< source and device
		bool inode = true;	///< costs nothing on a running kernel
		/// Read a large machine by so many processes at once. Only where a fork is cheap
		/// and nothing waits for children.
		unsigned processes = 1;
	};

	/// All memory blocks, ascending. A block that vanishes during the scan is left out; any
	/// other read error fails the scan. What `recall` knows is not read; it needs the inodes.
	Result<std::vector<Block>> scan(Detail detail = {true, true, true, true, 1},
					const Recall *recall = nullptr) const;

	/// State, zone and node of one block; ENOENT where it does not exist. Of the node it tells
	/// nothing where the kernel has not linked the block to it yet.
	Result<Block> look(uint64_t block) const;

	/// The candidates that a scan has left out; those of a block that cannot be read, or that
	/// the kernel has not linked to its node yet, stay so.
	void read_candidates(std::vector<Block> &blocks) const;

	/// Content of a block's file; ENOENT where the block or this file of it does not exist.
	Result<std::string> attribute(uint64_t block, const char *name) const;

	/// State of one block; ENOENT where it does not exist.
	Result<BlockState> state(uint64_t block) const;

	/// Inode of a block's directory, which tells one life of the block from another; ENOENT
	/// where it does not exist.
	Result<uint64_t> inode(uint64_t block) const;

	/// Zone of an online block: valid_zones counts only while `state` reads online before and
	/// after it, since during an offline it names what might come. Zone::none otherwise.
	Result<Zone> zone(uint64_t block) const;

	/// Both of them at once.
	struct Present {
		BlockState state;
		Zone zone;
	};
	Result<Present> present(uint64_t block) const;

	/// Path of a block's state file below root_fd().
	static std::string state_path(uint64_t block);
	/// The directory of all blocks below root_fd().
	static constexpr auto memory_dir = "sys/devices/system/memory";
	int root_fd() const { return root_.get(); }

	/// Which blocks were there at boot (true) or came later (false), as far as anybody knows.
	/// A running kernel's sysfs tells by the age of a block's directory; elsewhere this is
	/// asked once a scan, and then the file that collect made. Where nobody knows, memory
	/// behind a firmware device counts as a DIMM, all other as boot memory: the kernel gives
	/// boot memory that ACPI describes the same link.
	using EarlyBlocks = std::function<std::map<uint64_t, bool>()>;
	void set_early(EarlyBlocks early) { early_ = std::move(early); }

private:
	friend class ScanInParts;

	Sysfs() = default;
	/// A block's own files: state and, where wanted, the zone of an online one or the
	/// candidates of an offline one. Those of one whose addition the kernel has not ended must
	/// not be.
	Result<Block> read_block(uint64_t number, bool zone_wanted, bool candidates) const;
	/// Numbers of all blocks, ascending, with the inodes of their directories where wanted.
	Result<std::vector<std::pair<uint64_t, uint64_t>>> list(bool inodes) const;
	/// Life and node of one block; ENOENT where it does not exist.
	Result<ListedBlock> listed(uint64_t number) const;
	/// Blocks with a lower inode were there at boot; nothing where inodes tell no age.
	std::optional<uint64_t> boot_mark(uint64_t lowest_block) const;
	struct Origins;
	Origins find_origins(uint64_t lowest_block) const;
	void find_source(Block &block, Origins &origins) const;
	/// All of it that `detail` wants; ENOENT where it does not exist any more.
	Result<Block> read_listed(const ListedBlock &listed, const Detail &detail,
				  const Recall *recall, Origins &origins) const;

	Fd root_;
	Fd memory_; ///< the directory of the blocks, from where the way to each is short
	bool listed_inodes_ = false; ///< this file system lists the inodes that stat(2) tells
	uint64_t block_size_ = 0;
	EarlyBlocks early_;
};

} // namespace memhp
