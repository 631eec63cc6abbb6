// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/room.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"
#include "system/memory/page_size.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{
namespace
{

constexpr auto node_dir = "sys/devices/system/node";

std::string_view next_word(std::string_view &text)
{
	text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
	const auto end = std::min(text.find(' '), text.size());
	const auto word = text.substr(0, end);
	text.remove_prefix(end);
	return word;
}

std::string_view next_line(std::string_view &text)
{
	const auto end = text.find('\n');
	const auto line = text.substr(0, end);
	text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
	return line;
}

/// "MemFree: 12 kB" and "Node 0 MemFree: 12 kB" by their names, in bytes.
std::map<std::string, uint64_t> read_meminfo(int root_fd, const std::string &path)
{
	std::map<std::string, uint64_t> values;
	const auto text = read_file(root_fd, path);
	for (std::string_view rest = text ? std::string_view(*text) : ""; !rest.empty();) {
		auto line = next_line(rest);
		auto name = next_word(line);
		if (name == "Node") {
			next_word(line);
			name = next_word(line);
		}
		uint64_t value = 0;
		if (!name.empty() && name.back() == ':' && parse_number(next_word(line), 10, value))
			values[std::string(name.substr(0, name.size() - 1))] = value << 10;
	}
	return values;
}

std::set<int> numbered(int root_fd, const std::string &path, std::string_view prefix)
{
	std::set<int> numbers;
	for (const auto &name : names_in(root_fd, path).value_or(std::vector<std::string>())) {
		uint64_t number = 0;
		if (name.compare(0, prefix.size(), prefix) == 0 &&
		    parse_number(std::string_view(name).substr(prefix.size()), 10, number))
			numbers.insert(static_cast<int>(number));
	}
	return numbers;
}

std::optional<uint64_t> read_number(int root_fd, const std::string &path)
{
	uint64_t number = 0;
	if (!parse_number(read_file(root_fd, path).value_or(""), 10, number))
		return std::nullopt;
	return number;
}

/// The sizes of which there can be pools, in bytes: "hugepages-2048kB".
std::set<uint64_t> pool_sizes(int root_fd, const std::string &dir)
{
	constexpr std::string_view prefix = "hugepages-";
	constexpr std::string_view suffix = "kB";
	std::set<uint64_t> sizes;
	for (const auto &name : names_in(root_fd, dir).value_or(std::vector<std::string>())) {
		uint64_t kib = 0;
		if (name.size() > prefix.size() + suffix.size() &&
		    name.compare(0, prefix.size(), prefix) == 0 &&
		    parse_number(std::string_view(name).substr(prefix.size(),
							       name.size() - prefix.size() -
								       suffix.size()),
				 10, kib) &&
		    kib > 0 && kib <= UINT64_MAX >> 10)
			sizes.insert(kib << 10);
	}
	return sizes;
}

/// The pools of all nodes, and what of it `there` is; without `pieces`.
std::map<uint64_t, HugeRoom> read_pools(int root_fd, const std::set<int> &nodes,
					const std::set<int> &there)
{
	std::map<uint64_t, HugeRoom> pools;
	std::set<uint64_t> unknown;
	for (const auto node : nodes) {
		const auto dir = fmt::format("{}/node{}/hugepages", node_dir, node);
		for (const auto bytes : pool_sizes(root_fd, dir)) {
			const auto free =
				read_number(root_fd, fmt::format("{}/hugepages-{}kB/free_hugepages",
								 dir, bytes >> 10));
			if (!free) {
				unknown.insert(bytes);
				continue;
			}
			pools[bytes].spare += *free;
			if (there.count(node) > 0)
				pools[bytes].pool += *free;
		}
	}
	for (const auto bytes : unknown)
		pools.erase(bytes);
	for (auto &[bytes, pool] : pools) {
		const auto reserved =
			read_number(root_fd, fmt::format("sys/kernel/mm/hugepages/hugepages-{}kB/"
							 "resv_hugepages",
							 bytes >> 10));
		pool.spare -= std::min(pool.spare, reserved.value_or(0));
	}
	return pools;
}

/// How many pieces the allocator has free on these nodes, by their order, the largest last; empty
/// where it does not say.
std::vector<uint64_t> free_pieces(int root_fd, const std::set<int> &nodes)
{
	std::vector<uint64_t> pieces;
	const auto text = read_file(root_fd, "proc/buddyinfo");
	for (std::string_view rest = text ? std::string_view(*text) : ""; !rest.empty();) {
		auto line = next_line(rest);
		// "Node 0, zone   Normal   12   3 …"
		next_word(line);
		auto number = next_word(line);
		number.remove_suffix(number.empty() ? 0 : 1);
		uint64_t node = 0;
		if (!parse_number(number, 10, node))
			continue;
		const bool counts = nodes.count(static_cast<int>(node)) > 0;
		next_word(line);
		next_word(line);
		uint64_t count = 0;
		constexpr size_t most = 32; // of a machine there are 11 to 14
		for (size_t order = 0; order < most && parse_number(next_word(line), 10, count);
		     ++order) {
			pieces.resize(std::max(pieces.size(), order + 1));
			pieces[order] += counts ? count : 0;
		}
	}
	return pieces;
}

unsigned order_of(uint64_t bytes, uint64_t page_size)
{
	unsigned order = 0;
	while (order < 48 && (page_size << order) < bytes)
		++order;
	return order;
}

/// The largest order of the allocator, where /proc/buddyinfo does not show it: 10 for pages of
/// 4 KiB, and on arm64, where they are larger, what one table of pages spans.
unsigned usual_order(uint64_t page_size)
{
	return std::max(10U, order_of(page_size / sizeof(uint64_t), 1));
}

/// Adds to pools what could be made.
void add_pieces(const std::vector<uint64_t> &pieces, uint64_t page_size,
		std::map<uint64_t, HugeRoom> &pools)
{
	const auto largest =
		pieces.empty() ? usual_order(page_size) : static_cast<unsigned>(pieces.size()) - 1;
	for (auto &[bytes, pool] : pools) {
		const auto order = order_of(bytes, page_size);
		pool.gigantic = order > largest;
		for (size_t at = order; at < pieces.size(); ++at)
			pool.pieces += pieces[at] << (at - order);
	}
}

} // namespace

std::optional<Room> read_room(int root_fd, std::optional<int> node)
{
	std::set<int> nodes;
	std::map<int, std::map<std::string, uint64_t>> memory;
	for (const auto one : numbered(root_fd, node_dir, "node")) {
		auto info = read_meminfo(root_fd, fmt::format("{}/node{}/meminfo", node_dir, one));
		if (info["MemTotal"] > 0) {
			nodes.insert(one);
			memory[one] = std::move(info);
		}
	}
	if (nodes.empty())
		return std::nullopt;
	auto there = nodes;
	Room room;
	room.elsewhere = node && nodes.size() > 1 && there.erase(*node) == 1;

	const auto page_size = page_size_of(root_fd);
	uint64_t kept = 0;
	for (const auto one : there) {
		auto &info = memory[one];
		// Kernels before 4.20 have no KReclaimable.
		room.bytes += info["MemFree"] + info["Active(file)"] + info["Inactive(file)"] +
			      std::max(info["KReclaimable"], info["SReclaimable"]);
	}
	for (const auto &zone : read_zones(root_fd).zones)
		if (there.count(zone.node) > 0) {
			room.bytes += zone.listed * page_size;
			// Of its own node, the block's own pages may be what is kept.
			kept += room.elsewhere ? zone.kept * page_size : 0;
		}
	room.bytes -= std::min(room.bytes, kept);
	room.bytes += read_meminfo(root_fd, "proc/meminfo")["SwapFree"];
	room.huge = read_pools(root_fd, nodes, there);
	add_pieces(free_pieces(root_fd, there), page_size, room.huge);
	return room;
}

std::optional<uint64_t> online_bytes(int root_fd, int node)
{
	const auto info = read_meminfo(root_fd, fmt::format("{}/node{}/meminfo", node_dir, node));
	const auto total = info.find("MemTotal");
	return total != info.end() ? std::optional(total->second) : std::nullopt;
}

bool has_cma(int root_fd) { return read_meminfo(root_fd, "proc/meminfo")["CmaTotal"] > 0; }

bool own_memmap(int root_fd)
{
	const auto value =
		read_file(root_fd, "sys/module/memory_hotplug/parameters/memmap_on_memory");
	return value && (*value == "Y" || *value == "1" || *value == "force");
}

} // namespace memhp
