// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>

#include "core/memory/block.h"

namespace memhp
{

/// The process that writes for a Writer, and what the two tell each other.
namespace worker
{

/// One message of the Writer on a SOCK_SEQPACKET pair: a write of `value` to `path`, or, where
/// `blocks` is not 0, an online or offline of that many blocks of the board by `value`.
struct Order {
	std::array<char, 208> path;
	std::array<char, 48> value;
	uint32_t blocks;
	int64_t slice_ns; ///< no further block is begun after this time
};

/// Its answer. Of blocks the board has the results.
struct Reply {
	int error; ///< errno of open(2) or write(2), 0 for none
};

/// What the change of one block came to, by the rule: read, write, read again.
struct Changed {
	uint64_t block;
	int read_error;	  ///< errno of reading the block before the write; then there was none
	int write_error;  ///< errno of the write, 0 for none
	bool wrote;	  ///< there was a write: the block was not in the wanted state before
	BlockState state; ///< at the end
	Zone zone;	  ///< where an onlined block is now, or one to be offlined was
	int64_t took_ns;
};

constexpr size_t most_blocks = 256;

/// Memory that the Writer and its process share, so that a result needs no message. The Writer
/// names the blocks; the process fills in one result after another, and ends at the first block
/// that did not get into the wanted state.
struct Board {
	std::array<Changed, most_blocks> results;
	std::atomic<uint32_t> done;    ///< results that are complete
	std::atomic<int64_t> began_ns; ///< of the block after those; CLOCK_BOOTTIME
};
static_assert(std::atomic<int64_t>::is_always_lock_free, "processes share it");

/// The whole life of the process: takes orders from `socket` until that ends, or `parent` does.
/// All signals stay blocked, so only SIGKILL can end a write: a blocked signal is not pending to
/// the kernel, and a Ctrl-C of the terminal is the parent's business.
[[noreturn]] void work(int socket, int root, Board &board, pid_t parent);

} // namespace worker
} // namespace memhp
