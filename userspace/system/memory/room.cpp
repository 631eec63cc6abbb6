// SPDX-License-Identifier: GPL-2.0-only
#include "system/memory/room.h"

#include <algorithm>
#include <map>
#include <set>

#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

constexpr auto node_dir = "sys/devices/system/node";

uint64_t page_size() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

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

uint64_t read_number(int root_fd, const std::string &path)
{
	uint64_t number = 0;
	parse_number(read_file(root_fd, path).value_or(""), 10, number);
	return number;
}

/// Free huge pages of the pools by their size in bytes.
void add_pools(int root_fd, int node, std::map<uint64_t, uint64_t> &pools)
{
	const auto dir = fmt::format("{}/node{}/hugepages", node_dir, node);
	for (const auto &name : names_in(root_fd, dir).value_or(std::vector<std::string>())) {
		constexpr std::string_view prefix = "hugepages-";
		uint64_t kib = 0;
		if (name.compare(0, prefix.size(), prefix) == 0 && name.size() > 12 &&
		    parse_number(std::string_view(name).substr(prefix.size(),
							       name.size() - prefix.size() - 2),
				 10, kib))
			pools[kib << 10] +=
				read_number(root_fd, dir + "/" + name + "/free_hugepages");
	}
}

/// How many pieces of 2^order pages the allocator has free on these nodes.
uint64_t free_pieces(int root_fd, const std::set<int> &nodes, unsigned order)
{
	uint64_t pieces = 0;
	const auto text = read_file(root_fd, "proc/buddyinfo");
	for (std::string_view rest = text ? std::string_view(*text) : ""; !rest.empty();) {
		auto line = next_line(rest);
		// "Node 0, zone   Normal   12   3 …"
		next_word(line);
		auto number = next_word(line);
		number.remove_suffix(number.empty() ? 0 : 1);
		uint64_t node = 0;
		if (!parse_number(number, 10, node) || nodes.count(static_cast<int>(node)) == 0)
			continue;
		next_word(line);
		next_word(line);
		uint64_t count = 0;
		for (unsigned at = 0; parse_number(next_word(line), 10, count); ++at)
			if (at >= order)
				pieces += count << (at - order);
	}
	return pieces;
}

unsigned order_of(uint64_t bytes)
{
	unsigned order = 0;
	while ((page_size() << order) < bytes)
		++order;
	return order;
}

} // namespace

std::optional<Room> read_room(int root_fd, std::optional<int> node, const Census *census)
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
	const bool elsewhere = node && nodes.size() > 1 && nodes.erase(*node) == 1;

	Room room;
	std::map<uint64_t, uint64_t> pools;
	for (const auto one : nodes) {
		auto &info = memory[one];
		room.bytes += info["MemFree"] + info["Active(file)"] + info["Inactive(file)"];
		add_pools(root_fd, one, pools);
	}
	room.bytes += read_meminfo(root_fd, "proc/meminfo")["SwapFree"];
	for (const auto &[bytes, free] : pools) {
		if (bytes > largest_allocation * page_size()) {
			room.gigantic += free;
			continue;
		}
		const auto reserved =
			read_number(root_fd, fmt::format("sys/kernel/mm/hugepages/hugepages-{}kB/"
							 "resv_hugepages",
							 bytes >> 10));
		room.huge += free > reserved ? free - reserved : 0;
		room.huge += free_pieces(root_fd, nodes, order_of(bytes));
	}
	if (elsewhere || !census)
		return room;
	const auto own = (census->of(PageKind::free) + census->of(PageKind::file)) * page_size();
	room.bytes -= std::min(room.bytes, own);
	for (const auto &[bytes, free] : pools)
		if (bytes <= largest_allocation * page_size())
			room.huge -= std::min(room.huge, own / bytes);
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
