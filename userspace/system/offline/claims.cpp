// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/claims.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/base/loop.h"

namespace memhp
{
namespace
{

/// Deeper and more than anybody makes them on purpose.
constexpr int most_levels = 64;
constexpr size_t most_cpusets = 20000;
/// Bytes of a read(2) of numa_maps: for them the kernel walks as many parts of the process as it
/// takes to fill them. The time is looked at in between.
constexpr size_t first_chunk = 128;
constexpr size_t chunk = 1024;

/// A tree of cpusets that is mounted.
struct Mount {
	std::string path; ///< below the root
	const char *file;
	bool copies; ///< v1: a new cpuset gets the nodes of the one above, or has to be given some
};

std::vector<Mount> mounts(int root_fd)
{
	std::vector<Mount> found;
	const auto text = read_file(root_fd, "proc/self/mounts");
	std::string_view rest = text ? std::string_view(*text) : std::string_view();
	while (!rest.empty()) {
		const auto end = std::min(rest.find('\n'), rest.size());
		auto line = rest.substr(0, end);
		rest.remove_prefix(std::min(end + 1, rest.size()));
		std::array<std::string_view, 4> fields; // device, where, type, options
		for (auto &field : fields) {
			field = line.substr(0, line.find(' '));
			line.remove_prefix(std::min(field.size() + 1, line.size()));
		}
		const auto &[device, where, type, options] = fields;
		const auto path = std::string(where.substr(where.empty() ? 0 : 1));
		const auto listed = "," + std::string(options) + ",";
		if (type == "cgroup2")
			found.push_back({path, "cpuset.mems", false});
		else if (type == "cgroup" && listed.find(",cpuset,") != std::string::npos)
			found.push_back({path,
					 listed.find(",noprefix,") != std::string::npos
						 ? "mems"
						 : "cpuset.mems",
					 true});
		else if (type == "cpuset")
			found.push_back({path, "mems", true});
	}
	return found;
}

class Reader
{
public:
	Reader(int root_fd, Time patience) : root_fd_(root_fd), patience_(patience) {}

	Claims read()
	{
		std::set<std::string> seen;
		for (const auto &mount : mounts(root_fd_))
			if (seen.insert(mount.path).second)
				cpusets(mount, mount.path, "", 0);
		processes();
		return std::move(claims_);
	}

private:
	/// None where they cannot be read.
	std::vector<std::string> directories(const std::string &path) const
	{
		return names_in(root_fd_, path, true).value_or(std::vector<std::string>());
	}

	void cpusets(const Mount &mount, const std::string &path, const std::string &above,
		     int level)
	{
		const auto text = read_file(root_fd_, fmt::format("{}/{}", path, mount.file));
		const auto own = text.value_or("");
		// All that is there belongs to the one at the top.
		const bool top = level == 0;
		const bool copied = mount.copies && own == above;
		if (const auto nodes = parse_nodes(own);
		    !top && !copied && nodes && !nodes->empty())
			claims_.claims.push_back({fmt::format("cpuset /{}", path), *nodes});
		if (level == most_levels || ++cpusets_ > most_cpusets)
			return;
		for (const auto &name : directories(path))
			cpusets(mount, path + "/" + name, own, level + 1);
	}

	void take(const std::string &pid, std::string_view line)
	{
		const auto bound = bound_nodes(line);
		if (!bound.empty())
			bound_[pid].insert(bound.begin(), bound.end());
	}

	/// Looks for bound memory in what numa_maps tells of a process: in its first bytes, or in
	/// all of it. False where there may be more to see.
	bool look(const std::string &pid, bool all, Time until)
	{
		if (Loop::now() >= until)
			return false;
		const auto file =
			open_at(root_fd_, fmt::format("proc/{}/numa_maps", pid), O_RDONLY);
		if (!file) // it has ended, or belongs to somebody else
			return file.error().code == std::errc::no_such_file_or_directory;
		std::array<char, chunk> data;
		std::string rest;
		bool ended = false;
		do {
			const auto got =
				::read(file->get(), data.data(), all ? chunk : first_chunk);
			ended = got <= 0;
			if (got > 0)
				rest.append(data.data(), static_cast<size_t>(got));
			for (size_t end = 0; (end = rest.find('\n')) != std::string::npos;
			     rest.erase(0, end + 1))
				take(pid, std::string_view(rest).substr(0, end));
		} while (all && !ended && Loop::now() < until);
		if (!all)
			take(pid, rest); // what is cut off comes after the policy
		return ended;
	}

	void processes()
	{
		const auto began = Loop::now();
		const auto own = std::to_string(getpid());
		std::vector<std::string> left;
		for (const auto &pid : directories("proc")) {
			uint64_t number = 0;
			if (parse_number(pid, 10, number) && pid != own)
				left.push_back(pid);
		}
		const auto pass = [&](bool all, Time until) {
			std::vector<std::string> more;
			for (const auto &pid : left)
				if (!look(pid, all, until))
					more.push_back(pid);
			left = std::move(more);
		};
		pass(false, began + patience_ / 2);
		pass(true, began + patience_);
		claims_.unseen = left.size();
		for (const auto &[pid, nodes] : bound_) {
			const auto name = read_file(root_fd_, fmt::format("proc/{}/comm", pid));
			claims_.claims.push_back({fmt::format("process {} ({}, bound memory)", pid,
							      name.value_or("?")),
						  {nodes.begin(), nodes.end()}});
		}
	}

	int root_fd_;
	Time patience_;
	Claims claims_;
	size_t cpusets_ = 0;
	std::map<std::string, std::set<int>> bound_; ///< nodes by process
};

} // namespace

Claims read_claims(int root_fd, Time patience) { return Reader(root_fd, patience).read(); }

} // namespace memhp
