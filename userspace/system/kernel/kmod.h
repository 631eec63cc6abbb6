// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/kernel/event.h"
#include "system/base/fd.h"

namespace memhp
{

/// Reader of memhp.ko's files in debugfs. The module may come and go at any time: an open file
/// would pin it, so every call opens, reads and closes.
class Kmod
{
public:
	/// Below `root_fd`, which must stay open.
	explicit Kmod(int root_fd) : root_fd_(root_fd) {}

	/// Succeeds where the module is loaded and of the ABI that this program reads. The failure
	/// says which it is: not loaded, debugfs not mounted, no permission, another ABI.
	Result<void> check() const;

	/// Records of "blocks", "nodes" and "latency", or the lines of "status" as one record.
	Result<std::vector<Record>> blocks() const { return records("blocks"); }
	Result<std::vector<Record>> nodes() const { return records("nodes"); }
	Result<std::vector<Record>> latency() const { return records("latency"); }
	Result<Record> status() const;

	/// For Sysfs::set_early(); empty where the module is absent.
	std::map<uint64_t, bool> early_blocks() const;

	/// When each block that is online became so, in ns since boot, of those whose change the
	/// module has seen; empty where it is absent.
	std::map<uint64_t, uint64_t> online_since() const;

	/// Where a stream of events begins: with the oldest record that is kept, or with the next
	/// one to come.
	enum class From { oldest, next };

	/// Opens the stream of events, non-blocking, for use with poll(2). Pins the module until
	/// the descriptor is closed.
	Result<Fd> open_events(From from) const;

	/// The number that the next record to come will have.
	Result<uint64_t> end_of_events() const;

	/// Next record of an open stream; nothing when there is none right now.
	static Result<std::optional<Record>> read_event(int events);

	/// Calls for each record since the last time; `next` is where it goes on, and nothing at
	/// first: then it begins with the oldest. Also after the module was loaded anew.
	Result<void> read_events(std::optional<uint64_t> &next,
				 const std::function<void(const Record &)> &callback) const;

	/// What the pages of a block are used for: the record of the file "pages". Fails where
	/// this kernel has no such file.
	Result<Record> pages(uint64_t block) const;

	/// Where in the kernel the newest failed attempt on `block` failed; empty if unknown.
	std::string last_stage(uint64_t block) const;

private:
	Result<std::vector<Record>> records(const std::string &file) const;
	std::string path(const std::string &file) const;

	int root_fd_;
};

} // namespace memhp
