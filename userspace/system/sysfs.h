// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/block.h"
#include "core/result.h"
#include "system/fd.h"

namespace memhp
{

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

	/// Whether a scan reads what zones an offline block may go to: as much again as all else
	/// that is read of it.
	enum class Candidates { read, left_out };

	/// All memory blocks, ascending, with node, source and device. A block that vanishes
	/// during the scan is left out; any other read error fails the scan.
	Result<std::vector<Block>> scan(Candidates candidates = Candidates::read) const;

	/// What a scan has left out of these blocks; of one that cannot be read, or that the kernel
	/// has not linked to its node yet, it stays so.
	void read_candidates(std::vector<Block> &blocks) const;

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
	/// asked once a scan. Where it knows nothing, memory behind a firmware device counts as a
	/// DIMM, all other as boot memory: the kernel gives boot memory that ACPI describes the
	/// same link.
	using EarlyBlocks = std::function<std::map<uint64_t, bool>()>;
	void set_early(EarlyBlocks early) { early_ = std::move(early); }

private:
	Sysfs() = default;
	/// A block's own files: state and zones; all else is left empty. The candidates of one
	/// whose addition the kernel has not ended must be left out.
	Result<Block> read_block(uint64_t number, Candidates candidates) const;
	/// Numbers of all blocks, ascending, with the inodes of their directories.
	Result<std::vector<std::pair<uint64_t, uint64_t>>> list() const;
	/// Blocks with a lower inode were there at boot; nothing where inodes tell no age.
	std::optional<uint64_t> boot_mark(uint64_t lowest_block) const;
	struct Origins;
	void find_source(Block &block, const Origins &origins) const;

	Fd root_;
	Fd memory_; ///< the directory of the blocks, from where the way to each is short
	bool listed_inodes_ = false; ///< this file system lists the inodes that stat(2) tells
	uint64_t block_size_ = 0;
	EarlyBlocks early_;
};

} // namespace memhp
