// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/stat.h>
#include <unistd.h>

namespace memhp
{

namespace fs = std::filesystem;

Tree::Tree(const std::string &parent)
{
	const auto directory = parent.empty() ? fs::temp_directory_path() : fs::path(parent);
	auto pattern = (directory / "memhp-test-XXXXXX").string();
	if (!mkdtemp(pattern.data()))
		throw std::runtime_error("no temporary directory");
	root_ = pattern;
}

Tree::~Tree()
{
	std::error_code ignored;
	fs::remove_all(root_, ignored);
}

void Tree::write(std::string_view name, std::string_view content) const
{
	const fs::path file = path(name);
	fs::create_directories(file.parent_path());
	std::ofstream(file) << content;
}

void Tree::overwrite(std::string_view name, std::string content) const
{
	const fs::path file = path(name);
	content.resize(std::max(content.size(), static_cast<size_t>(fs::file_size(file))), '\n');
	std::fstream(file, std::ios::in | std::ios::out)
		.write(content.data(), static_cast<std::streamsize>(content.size()));
}

void Tree::link(std::string_view name, std::string_view target) const
{
	const fs::path file = path(name);
	fs::create_directories(file.parent_path());
	fs::create_symlink(target, file);
}

void Tree::make_directory(std::string_view name) const { fs::create_directories(path(name)); }

void Tree::make_fifo(std::string_view name) const
{
	const fs::path file = path(name);
	fs::create_directories(file.parent_path());
	if (mkfifo(file.c_str(), 0600) < 0)
		throw std::runtime_error("mkfifo");
}

void Tree::move(std::string_view from, std::string_view to) const
{
	fs::rename(path(from), path(to));
}

void Tree::remove(std::string_view name) const { fs::remove_all(path(name)); }

std::string Tree::slurp(const std::string &path)
{
	std::ostringstream content;
	content << std::ifstream(path).rdbuf();
	auto text = content.str();
	while (!text.empty() && text.back() == '\n')
		text.pop_back();
	return text;
}

bool Tree::exists(std::string_view name) const { return fs::exists(path(name)); }

MachineTree::MachineTree(uint64_t block_size, const std::string &parent)
	: Tree(parent), block_size_(block_size)
{
	std::ostringstream size;
	size << std::hex << block_size << '\n';
	write("sys/devices/system/memory/block_size_bytes", size.str());
	write("sys/devices/system/memory/auto_online_blocks", "online\n");
	set_available(uint64_t{64} << 30);
}

void MachineTree::set_available(uint64_t bytes) const
{
	std::ostringstream text;
	text << "MemTotal:       67108864 kB\nMemFree:        1024 kB\nMemAvailable:   "
	     << (bytes >> 10) << " kB\n";
	write("meminfo.new", text.str());
	make_directory("proc");
	move("meminfo.new", "proc/meminfo");
}

void MachineTree::set_page_flags(uint64_t block, uint64_t first,
				 const std::vector<uint64_t> &flags) const
{
	constexpr auto file = "proc/kpageflags";
	if (!exists(file))
		write(file, "");
	const auto pages = block_size_ / static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
	std::fstream out(path(file), std::ios::in | std::ios::out | std::ios::binary);
	out.seekp(static_cast<std::streamoff>((block * pages + first) * sizeof(uint64_t)));
	out.write(reinterpret_cast<const char *>(flags.data()),
		  static_cast<std::streamsize>(flags.size() * sizeof(uint64_t)));
}

void MachineTree::poison(uint64_t block) const
{
	write("proc/meminfo", read("proc/meminfo") + "\nHardwareCorrupted:     4 kB\n");
	set_page_flags(block, 12345, {uint64_t{1} << 19});
}

void MachineTree::set_pressure(const std::string &percent) const
{
	write("pressure.new", "some avg10=" + percent + " avg60=0.00 avg300=0.00 total=0\n" +
				      "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	make_directory("proc/pressure");
	move("pressure.new", "proc/pressure/memory");
}

std::string MachineTree::dir(uint64_t block)
{
	return "sys/devices/system/memory/memory" + std::to_string(block);
}

void MachineTree::add(uint64_t block, std::string_view state, std::string_view valid_zones,
		      int node) const
{
	write(dir(block) + "/state", std::string(state) + "\n");
	write(dir(block) + "/valid_zones", std::string(valid_zones) + "\n");
	const auto name = "memory" + std::to_string(block);
	const auto on = "node" + std::to_string(node);
	link("sys/devices/system/node/" + on + "/" + name, "../../memory/" + name);
	link(dir(block) + "/" + on, "../../node/" + on);
}

void MachineTree::add_policy_settings() const
{
	const std::string dir = "sys/module/memory_hotplug/parameters/";
	write(dir + "online_policy", "contig-zones\n");
	write(dir + "auto_movable_ratio", "301\n");
	write(dir + "auto_movable_numa_aware", "Y\n");
}

void MachineTree::add_dax(std::string_view device, uint64_t first, uint64_t last,
			  std::string_view state) const
{
	const auto dir = "sys/devices/platform/" + std::string(device);
	std::ostringstream iomem;
	iomem << slurp(path("proc/iomem")) << '\n'
	      << std::hex << (first << 27) << '-' << ((last + 1) << 27) - 1 << " : " << device
	      << "\n  " << (first << 27) << '-' << ((last + 1) << 27) - 1
	      << " : System RAM (kmem)\n";
	write("proc/iomem", iomem.str());
	std::string blocks;
	for (auto block = first; block <= last; ++block)
		blocks += std::to_string(block) + "\n";
	write(dir + "/blocks", blocks);
	if (!state.empty())
		write(dir + "/state", std::string(state) + "\n");
	link("sys/bus/dax/devices/" + std::string(device),
	     "../../../devices/platform/" + std::string(device));
}

namespace
{

constexpr auto acpi_dir = "sys/devices/LNXSYSTM:00/LNXSYBUS:00/";

} // namespace

void MachineTree::add_container(const std::string &name, const std::string &parent) const
{
	const auto place = (parent.empty() ? "" : parent + "/") + name;
	write(acpi_dir + place + "/path", "\\_SB_.MOD0\n");
	write(acpi_dir + place + "/eject", "");
	link("sys/bus/acpi/devices/" + name, "../../../../" + (acpi_dir + place));
	write("sys/devices/system/container/" + name + "/online", "1\n");
	link("sys/devices/system/container/" + name + "/firmware_node",
	     "../../../LNXSYSTM:00/LNXSYBUS:00/" + place);
}

void MachineTree::add_processor(const std::string &place, unsigned cpu) const
{
	const auto name = "cpu" + std::to_string(cpu);
	write(acpi_dir + place + "/path", "\\_SB_.MOD0.CPU3\n");
	link(acpi_dir + place + "/physical_node1", "../../../../system/cpu/" + name);
	write("sys/devices/system/cpu/" + name + "/online", "1\n");
}

void MachineTree::own(uint64_t block, std::string_view device) const
{
	make_directory(std::string(acpi_dir).append(device));
	link(dir(block) + "/firmware_node",
	     "../../../LNXSYSTM:00/LNXSYBUS:00/" + std::string(device));
}

std::string MachineTree::eject_dir(const std::string &device)
{
	return "sys/bus/acpi/devices/" + device;
}

void MachineTree::add_eject(const std::string &device) const
{
	write(eject_dir(device) + "/eject", "");
}

std::string MachineTree::state(uint64_t block) const { return read(dir(block) + "/state"); }

} // namespace memhp
