// SPDX-License-Identifier: GPL-2.0-only
#include "machines.h"

#include <fstream>
#include <map>
#include <stdexcept>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

constexpr uint64_t gib = 1 << 30;

/// `text` with the number in the place of "{}".
std::string with_number(std::string text, uint64_t number)
{
	for (size_t at = 0; (at = text.find("{}", at)) != std::string::npos;)
		text.replace(at, 2, fmt::format("{}", number));
	return text;
}

/// The files and links of a record, one a line; see machines/record.sh.
class Unpacker
{
public:
	explicit Unpacker(const MachineTree &tree) : tree_(tree) {}

	/// False for a line that is none.
	bool line(const std::string &text)
	{
		for (const std::string mark : {" = ", " += ", " -> "}) {
			const auto at = text.find(mark);
			if (at == std::string::npos || at == 0)
				continue;
			return numbered(text.substr(0, at), mark, text.substr(at + mark.size()));
		}
		return false;
	}
	void finish() const
	{
		for (const auto &[path, content] : files_)
			tree_.write(path, content);
	}
	size_t count() const { return count_; }

private:
	/// Does it for each number of {A-B} in the path.
	bool numbered(const std::string &path, const std::string &mark, const std::string &value)
	{
		const auto open = path.find('{');
		if (open == std::string::npos)
			return one(path, mark, value);
		const auto dash = path.find('-', open);
		const auto close = path.find('}', open);
		uint64_t first = 0;
		uint64_t last = 0;
		if (dash > close ||
		    !parse_number(path.substr(open + 1, dash - open - 1), 10, first) ||
		    !parse_number(path.substr(dash + 1, close - dash - 1), 10, last))
			return false;
		for (auto number = first; number <= last; ++number)
			one(path.substr(0, open) + fmt::format("{}", number) +
				    path.substr(close + 1),
			    mark, with_number(value, number));
		return true;
	}
	bool one(const std::string &path, const std::string &mark, const std::string &value)
	{
		++count_;
		if (mark == " -> ") {
			tree_.link(path, value);
			link_back(path);
		} else if (mark == " = ")
			files_[path] = value + "\n";
		else
			files_[path] += value + "\n";
		return true;
	}

	/// The kernel links a block to its node too, for lsmem.
	void link_back(const std::string &path) const
	{
		const std::string nodes = "sys/devices/system/node/";
		const auto slash = path.rfind('/');
		if (path.compare(0, nodes.size(), nodes) != 0 || slash < nodes.size())
			return;
		const auto node = path.substr(nodes.size(), slash - nodes.size());
		tree_.link("sys/devices/system/memory" + path.substr(slash) + "/" + node,
			   "../../node/" + node);
	}

	const MachineTree &tree_;
	std::map<std::string, std::string> files_;
	size_t count_ = 0;
};

/// A directory for `files` small files: in memory, where there is room for them.
std::string quick_directory(uint64_t files)
{
	struct statvfs space;
	if (access("/dev/shm", W_OK) < 0 || statvfs("/dev/shm", &space) < 0)
		return "";
	const bool unlimited = space.f_files == 0;
	return unlimited || space.f_favail > files ? "/dev/shm" : "";
}

} // namespace

std::unique_ptr<MachineTree> arm64_machine(uint64_t block_size)
{
	auto tree = std::make_unique<MachineTree>(block_size);
	const auto add = [&](uint64_t start, uint64_t size, std::string_view state,
			     std::string_view zones, int node) {
		for (uint64_t at = start; at < start + size; at += block_size)
			tree->add(at / block_size, state, zones, node);
	};
	add(1 * gib, 3 * gib, "online", "DMA", 0);
	add(4 * gib, 1 * gib, "online", "Normal", 0);
	add(5 * gib, 2 * gib, "offline", "Normal Movable", 0);
	for (uint64_t at = 5 * gib; at < 7 * gib; at += block_size)
		tree->own(at / block_size, "PNP0C80:00");
	add(512 * gib, 4 * gib, "offline", "Normal Movable", 1);
	tree->write("proc/iomem", "09000000-09000fff : pl011@9000000\n"
				  "40000000-13fffffff : System RAM\n"
				  "  40210000-41b0ffff : Kernel code\n"
				  "140000000-1bfffffff : System RAM\n"
				  "8000000000-80ffffffff : dax0.0\n"
				  "  8000000000-80ffffffff : System RAM (kmem)\n");
	return tree;
}

std::unique_ptr<MachineTree> large_machine()
{
	auto tree =
		std::make_unique<MachineTree>(1 << 27, quick_directory(2 * large_machine_blocks));
	constexpr auto memory = "sys/devices/system/memory";
	const auto kind = [&](const std::string &name, std::string_view state,
			      std::string_view zones, const std::string &device) {
		const auto directory = std::string("kinds/") + name;
		tree->write(directory + "/state", state);
		tree->write(directory + "/valid_zones", zones);
		tree->link(directory + "/node0", "../../sys/devices/system/node/node0");
		if (!device.empty())
			tree->link(directory + "/firmware_node", "../" + device);
	};
	kind("boot", "online", "Normal", "");
	const auto dimms = (large_machine_blocks - large_machine_boot) / large_machine_dimm;
	for (uint64_t dimm = 0; dimm < dimms; ++dimm) {
		const bool last = dimm + 1 == dimms;
		kind(fmt::format("dimm{}", dimm), last ? "offline" : "online",
		     last ? "Movable Normal" : "Movable", fmt::format("PNP0C80:{:02x}", dimm));
	}

	const Fd directory(open(tree->path(memory).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	for (uint64_t block = 0; block < large_machine_blocks; ++block) {
		const auto target =
			block < large_machine_boot
				? std::string("../../../../kinds/boot")
				: fmt::format("../../../../kinds/dimm{}",
					      (block - large_machine_boot) / large_machine_dimm);
		if (symlinkat(target.c_str(), directory.get(),
			      fmt::format("memory{}", block).c_str()) < 0)
			throw std::runtime_error("no room for the large machine in " +
						 tree->root());
	}
	// The node's directory has the same names.
	tree->link("sys/devices/system/node/node0", "../memory");
	return tree;
}

std::unique_ptr<MachineTree> recorded_machine(const std::string &name)
{
	std::ifstream file(std::string(MEMHP_MACHINES) + "/" + name);
	if (!file)
		throw std::runtime_error("no recorded machine " + name);
	auto tree = std::make_unique<MachineTree>();
	Unpacker unpacker(*tree);
	for (std::string line; std::getline(file, line);)
		if (!line.empty() && line.front() != '#' && !unpacker.line(line))
			throw std::runtime_error(name + ": '" + line + "' is no line of a record");
	unpacker.finish();
	if (unpacker.count() < 10)
		throw std::runtime_error(name + " holds no machine");
	return tree;
}

} // namespace memhp
