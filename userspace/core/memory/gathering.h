// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/memory/block.h"

namespace memhp
{

/// A block that is there, as the directories tell of it.
struct ListedBlock {
	uint64_t number = 0;
	uint64_t inode = 0;
	bool complete = false;	 ///< the kernel has ended its addition
	std::optional<int> node; ///< nothing where it is on none or several
};

/// A complete look at all blocks that is made in parts, with other work and events in between; says
/// what is to be done next. At the end each block is as it was read after the last event about it
/// that has been delivered, just as if all had been read at once now: what an event touches is read
/// again, and where events were lost, all is.
///
/// Whoever learns of a change by another way than an event, as by an own write, has to say so too.
class Gathering
{
public:
	enum class Step {
		list,  ///< list all blocks, then listed()
		read,  ///< read some of the listed(): to_read()
		again, ///< deliver the events, then read what they touched: to_read_again()
		ready, ///< nothing; true until the next event is delivered
	};
	Step step() const;

	/// All blocks; ascending.
	void listed(std::vector<ListedBlock> blocks);
	/// The next to be read, at most so many; valid until the next event is delivered. Each is
	/// answered by read(), or by nothing where it is there no more.
	std::span<const ListedBlock> to_read(size_t most);
	void read(Block block) { blocks_.push_back(std::move(block)); }
	/// Numbers of blocks that were touched, at most so many, ascending. Each is answered by
	/// read_again(), with nothing where it is not there.
	std::vector<uint64_t> to_read_again(size_t most);
	void read_again(uint64_t number, std::optional<Block> block);

	/// Something has happened to the block, or it has come, or gone.
	void touched(uint64_t number) { touched_.insert(number); }
	/// Nobody knows what has happened: all begins anew.
	void lost();
	/// Events are lost so often that parts would never become a whole: all has to be read with
	/// no event delivered in between.
	bool at_once() const { return losses_ >= most_losses; }

	/// The blocks, ascending, once they are ready.
	std::vector<Block> take();

private:
	static constexpr unsigned most_losses = 2;

	std::optional<std::vector<ListedBlock>> listed_;
	size_t next_ = 0;	    ///< of listed_
	std::vector<Block> blocks_; ///< read in their order; ascending
	/// What reading again has told; nothing of a block that is gone.
	std::map<uint64_t, std::optional<Block>> later_;
	std::set<uint64_t> touched_;
	/// The events have been delivered since the last listed block was read.
	bool settled_ = false;
	unsigned losses_ = 0;
};

} // namespace memhp
