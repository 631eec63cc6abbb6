// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/assist.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/base/log.h"

namespace memhp
{
namespace
{

/// Names of the entries of a directory that begin with `prefix`.
std::vector<std::string> entries(int root_fd, const std::string &path, std::string_view prefix)
{
	std::vector<std::string> names;
	auto fd = open_at(root_fd, path, O_RDONLY | O_DIRECTORY);
	if (!fd)
		return names;
	const std::unique_ptr<DIR, int (*)(DIR *)> dir(fdopendir(fd->get()), closedir);
	if (!dir)
		return names;
	static_cast<void>(fd->release());
	while (const auto *entry = readdir(dir.get()))
		if (std::string_view(entry->d_name).substr(0, prefix.size()) == prefix)
			names.emplace_back(entry->d_name);
	return names;
}

/// It is no use to help longer than that.
constexpr Time help_deadline = std::chrono::seconds(10);
constexpr Time restore_deadline = std::chrono::minutes(1);

Result<uint64_t> read_count(int root_fd, const std::string &path)
{
	const auto text = read_file(root_fd, path);
	if (!text)
		return fail(text.error());
	uint64_t count = 0;
	if (!parse_number(*text, 10, count))
		return fail_errno(EPROTO, path + ": '" + *text + "' is not a number");
	return count;
}

} // namespace

AssistFiles find_assist(int root_fd, const std::set<int> &nodes)
{
	AssistFiles files;
	for (const auto node : nodes) {
		const auto dir = fmt::format("sys/devices/system/node/node{}", node);
		// Both are files that can only be written.
		const auto reclaim = dir + "/reclaim";
		if (faccessat(root_fd, reclaim.c_str(), F_OK, 0) == 0)
			files.reclaim[node] = reclaim;
		const auto compact = dir + "/compact";
		if (faccessat(root_fd, compact.c_str(), F_OK, 0) == 0)
			files.compact[node] = compact;
		for (const auto &size : entries(root_fd, dir + "/hugepages", "hugepages-")) {
			const auto pages = fmt::format("{}/hugepages/{}/", dir, size);
			const auto count = read_count(root_fd, pages + "nr_hugepages");
			const auto free = read_count(root_fd, pages + "free_hugepages");
			if (count && free && *free <= *count)
				files.huge_pages.push_back({pages + "nr_hugepages", *count, *free});
		}
	}
	return files;
}

Assistant::Assistant(Engine &engine, const Sysfs &sysfs, std::vector<Assist> wanted,
		     Lowered lowered, std::function<void(const Lowered &)> changed)
	: engine_(engine), sysfs_(sysfs), wanted_(std::move(wanted)), lowered_(std::move(lowered)),
	  changed_(std::move(changed))
{
}

void Assistant::begin(const std::set<int> &nodes)
{
	if (std::find(wanted_.begin(), wanted_.end(), Assist::hugepages) == wanted_.end())
		return;
	for (const auto &pages : find_assist(sysfs_.root_fd(), nodes).huge_pages)
		if (pages.count > 0)
			lowered_.emplace(pages.path, LoweredPages{pages.count, pages.count});
	if (changed_ && !lowered_.empty())
		changed_(lowered_);
}

std::vector<Engine::Order> Assistant::help(const std::set<int> &nodes)
{
	const auto files = find_assist(sysfs_.root_fd(), nodes);
	std::map<std::string, const HugePages *> pools;
	for (const auto &pages : files.huge_pages)
		pools[pages.path] = &pages;

	std::vector<Engine::Order> orders;
	for (const auto &write : assist_writes(wanted_, nodes, files, sysfs_.block_size())) {
		const auto pool = pools.find(write.path);
		if (pool != pools.end()) {
			const auto count = pool->second->count;
			auto &lowered =
				lowered_.emplace(write.path, LoweredPages{count, 0}).first->second;
			lowered.left = count - pool->second->free;
		}
		const auto done = [self = shared_from_this(), write,
				   lowers = pool != pools.end()](const Writer::Outcome &outcome) {
			log::debug("between passes: {} into {}: errno {} after {}", write.value,
				   write.path, outcome.error, format_duration(outcome.took));
			if (lowers)
				self->note_left(write.path);
		};
		orders.push_back({write.path, write.value, help_deadline, done});
	}
	if (changed_ && !lowered_.empty())
		changed_(lowered_);
	return orders;
}

/// Where the write was ended early, more are left than it was to leave.
void Assistant::note_left(const std::string &path)
{
	const auto now = read_count(sysfs_.root_fd(), path);
	if (now)
		lowered_[path].left = *now;
}

void Assistant::restore(const std::function<void()> &done)
{
	if (lowered_.empty()) {
		done();
		return;
	}
	to_restore_ = 1; // until all are on their way
	for (const auto &[path, lowered] : lowered_) {
		const auto now = read_count(sysfs_.root_fd(), path);
		const auto count = now ? restored(lowered, *now) : std::nullopt;
		if (!count) {
			if (!now || *now != lowered.found)
				log::warning("{} stays as it is: {}", path,
					     now ? fmt::format("another program wants {}", *now)
						 : now.error().message);
			continue;
		}
		++to_restore_;
		engine_.write(path, std::to_string(*count), restore_deadline,
			      [self = shared_from_this(), file = path,
			       done](const Writer::Outcome &outcome) {
				      self->restored_one(file, outcome, done);
			      });
	}
	one_less(done);
}

void Assistant::restored_one(const std::string &path, const Writer::Outcome &outcome,
			     const std::function<void()> &done)
{
	const auto now = read_count(sysfs_.root_fd(), path);
	const auto found = lowered_[path].found;
	if (!now || *now < found)
		log::warning("{}: only {} of {} huge pages could be had again (errno {})", path,
			     now.value_or(0), found, outcome.error);
	one_less(done);
}

void Assistant::one_less(const std::function<void()> &done)
{
	if (--to_restore_ > 0)
		return;
	lowered_.clear();
	if (changed_)
		changed_(lowered_);
	done();
}

} // namespace memhp
