// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/collector.h"

#include <array>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "memhpctl/collect_list.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

/// Nothing to tell of: it is not here, or has gone.
bool absent(const Error &error)
{
	return error.code == std::errc::no_such_file_or_directory ||
	       error.code == std::errc::no_such_device ||
	       error.code == std::errc::not_a_directory || error.code == std::errc::is_a_directory;
}

/// Where a link at `path` leads, below the same root; empty where that is nowhere below it.
std::string target_path(const std::string &path, const std::string &target)
{
	if (target.empty() || target[0] == '/')
		return {};
	const auto joined =
		(std::filesystem::path(path).parent_path() / target).lexically_normal().string();
	return joined.compare(0, 2, "..") == 0 ? std::string() : joined;
}

} // namespace

std::vector<std::string> Collector::expand(const std::string &pattern) const
{
	std::vector<std::string> paths = {""};
	for (const auto &part : std::filesystem::path(pattern)) {
		const auto name = part.string();
		std::vector<std::string> longer;
		for (const auto &path : paths) {
			const auto prefix = path.empty() ? "" : path + "/";
			if (name.find_first_of("*#") == std::string::npos) {
				longer.push_back(prefix + name);
				continue;
			}
			for (const auto &entry :
			     names_in(root_, path).value_or(std::vector<std::string>()))
				if (fits(entry, name))
					longer.push_back(prefix + entry);
		}
		paths = std::move(longer);
	}
	return paths;
}

Result<std::string> Collector::follow(std::string path)
{
	constexpr int most_links = 40;

	int links = 0;
	for (size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
		const auto prefix = path.substr(0, end);
		const auto target = read_link(root_, prefix);
		if (!target)
			continue;
		const auto led = target_path(prefix, *target);
		if (led.empty() || ++links > most_links)
			return path; // as it is: its content is what counts
		const auto added = link(prefix, *target);
		if (!added)
			return fail(added.error());
		path = led + path.substr(end);
		end = 0;
	}
	return path;
}

Result<void> Collector::file(const std::string &path)
{
	auto content = read_file(root_, path);
	if (!content) {
		if (!absent(content.error()))
			missing_.push_back(content.error().message);
		return {};
	}
	if (!content->empty())
		*content += '\n';
	const auto real = follow(path);
	if (!real)
		return fail(real.error());
	return text(*real, *content);
}

Result<void> Collector::files(const std::string &pattern)
{
	for (const auto &path : expand(pattern))
		if (const auto added = file(path); !added)
			return added;
	return {};
}

Result<void> Collector::link(const std::string &path, const std::string &target)
{
	if (!added_.insert(path).second)
		return {};
	++count_;
	return archive_.add_link(path, target);
}

Result<void> Collector::links(const std::string &pattern)
{
	for (const auto &path : expand(pattern)) {
		const auto target = read_link(root_, path);
		const auto real = target ? follow(path) : path;
		const auto added = !real    ? fail(real.error())
				   : target ? link(*real, *target)
					    : Result<void>();
		if (!added)
			return added;
	}
	return {};
}

Result<void> Collector::blocks(const Sysfs &sysfs, const std::vector<Block> &blocks)
{
	const std::string memory = "sys/devices/system/memory/";
	const auto nodes = names_in(root_, "sys/devices/system/node");
	for (const auto &block : blocks) {
		const auto name = fmt::format("memory{}", block.number);
		const auto dir = memory + name + "/";
		// Linux 6.1 oopses where these are read of an offline block without a node yet.
		const bool zones = block.state == BlockState::online || block.node || !nodes;
		for (const auto *attribute : {"state", "valid_zones", "removable", "phys_device"}) {
			if (!zones && attribute == std::string_view("valid_zones"))
				continue;
			const auto content = sysfs.attribute(block.number, attribute);
			if (!content)
				continue; // gone, or not of this kernel
			if (const auto added = text(dir + attribute, *content + "\n"); !added)
				return added;
		}
		if (const auto target = read_link(root_, dir + "firmware_node"))
			if (const auto added = link(dir + "firmware_node", *target); !added)
				return added;
		if (!block.node)
			continue;
		const auto node = fmt::format("node{}", *block.node);
		for (const auto &[path, target] :
		     {std::pair{"sys/devices/system/node/" + node + "/" + name,
				"../../memory/" + name},
		      std::pair{dir + node, "../../node/" + node}})
			if (const auto added = link(path, target); !added)
				return added;
	}
	return {};
}

Result<void> Collector::stream(const std::string &path, const std::string &name, size_t limit)
{
	const auto opened = open_at(root_, path, O_RDONLY | O_NONBLOCK);
	if (!opened) {
		if (!absent(opened.error()))
			missing_.push_back(opened.error().message);
		return {};
	}
	std::string content;
	std::array<char, 8192> buffer;
	for (;;) {
		const auto got = read(opened->get(), buffer.data(), buffer.size());
		if (got < 0 && (errno == EINTR || errno == EPIPE)) // EPIPE: some were overwritten
			continue;
		if (got <= 0)
			break;
		content.append(buffer.data(), static_cast<size_t>(got));
		if (content.size() > 2 * limit)
			content.erase(0, content.find('\n', content.size() - limit) + 1);
	}
	return text(name, content);
}

Result<void> Collector::text(const std::string &name, std::string_view content)
{
	if (!added_.insert(name).second)
		return {};
	++count_;
	return archive_.add_file(name, content);
}

} // namespace memhp
