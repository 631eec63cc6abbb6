// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/memory/gathering.h"
#include "system/memory/sysfs.h"

namespace memhp
{

class NumberedEntries;

/// What Sysfs::numbers() gives, read in parts. A block that comes or goes meanwhile may be in it or
/// not.
class ListInParts
{
public:
	/// `sysfs` must outlive it.
	explicit ListInParts(const Sysfs &sysfs);
	ListInParts(ListInParts &&) noexcept;
	~ListInParts();

	/// As ScanInParts::go_on().
	Result<bool> go_on(const std::function<bool()> &enough);
	std::vector<uint64_t> take();

private:
	const Sysfs &sysfs_;
	std::unique_ptr<NumberedEntries> entries_;
};

/// What Sysfs::scan() gives, but for the candidates, read in parts: so that on a large machine
/// other work need not wait for it. See Gathering for what is right at the end.
class ScanInParts
{
public:
	/// `sysfs` and, where given, `recall` must outlive it; what `recall` knows is not read.
	explicit ScanInParts(const Sysfs &sysfs, const Recall *recall = nullptr);
	~ScanInParts();

	/// Reads on until `enough`, asked every so many blocks, says so; true once all is read as
	/// of now. `drain` delivers all events sent so far, by touched() and lost(). Fails where a
	/// block cannot be read, and is over then.
	Result<bool> go_on(const std::function<bool()> &enough, const std::function<void()> &drain);

	/// Of an event that is delivered, or a change that somebody else knows of.
	void touched(uint64_t block) { gathering_.touched(block); }
	/// Events were lost.
	void lost();

	/// All blocks, ascending, once go_on() has said so.
	std::vector<Block> take() { return gathering_.take(); }

private:
	class Listing;

	Result<void> list();
	Result<void> read();
	Result<void> read_again();
	Result<void> step(const std::function<void()> &drain);
	Result<Block> read_block(const ListedBlock &listed);

	const Sysfs &sysfs_;
	const Recall *recall_;
	Gathering gathering_;
	std::unique_ptr<Listing> listing_;
	uint64_t lowest_ = 0; ///< the lowest block that was listed
	std::unique_ptr<Sysfs::Origins> origins_;
};

} // namespace memhp
