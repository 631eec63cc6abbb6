// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <unistd.h>

#include "tree.h"

namespace memhp
{
namespace
{

namespace fs = std::filesystem;

/// Root of the tree whose kernel runs; inherited by forked processes, and by programs that were
/// linked with this one.
std::string running = std::getenv("MEMHP_FAKE_KERNEL") ? std::getenv("MEMHP_FAKE_KERNEL") : "";

bool ends_with(const std::string &text, std::string_view end)
{
	return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string read_word(const fs::path &file)
{
	std::string word;
	std::ifstream(file) >> word;
	return word;
}

void put(const fs::path &file, std::string_view content) { std::ofstream(file) << content << '\n'; }

/// Takes the first word of a block's script.
std::string next_word(const fs::path &dir)
{
	std::ifstream script(dir / "script");
	std::string word = "ok";
	std::ostringstream rest;
	if (script >> word)
		rest << script.rdbuf();
	script.close();
	if (fs::exists(dir / "script"))
		put(dir / "script", rest.str());
	return word;
}

bool change(const fs::path &dir, const std::string &value)
{
	const auto state = read_word(dir / "state");
	const bool online = value != "offline";
	if (state == (online ? "online" : "offline")) {
		// It is noted before the kernel looks whether there is anything to do.
		if (online)
			put(dir / "online_type", value);
		return false;
	}
	if (online)
		fs::remove(dir / "online_type");
	put(dir / "state", online ? "online" : "offline");
	put(dir / "valid_zones", value == "offline"	     ? "Movable Normal"
				 : value == "online_movable" ? "Movable"
							     : "Normal");
	return true;
}

ssize_t write_state(const fs::path &dir, const std::string &value)
{
	const auto block = dir.filename().string().substr(6);
	// The word first: a test that has seen the write may kill the writer at once.
	const auto word = next_word(dir);
	std::ofstream(running + "/writes", std::ios::app) << block + " " + value + "\n";
	if (word == "hang")
		for (;;)
			pause();
	if (word == "vanish") {
		fs::remove_all(dir);
		errno = ENODEV;
		return -1;
	}
	if (word == "other" || word == "kernel") {
		change(dir, word == "other" ? value : "online_kernel");
		errno = EINVAL;
		return -1;
	}
	if (word != "ok") {
		errno = std::stoi(word);
		return -1;
	}
	if (!change(dir, value)) {
		errno = EINVAL;
		return -1;
	}
	return static_cast<ssize_t>(value.size());
}

/// The state file of a dax device whose blocks are those that its file "blocks" names.
ssize_t write_dax_state(const fs::path &dir, const std::string &value)
{
	const auto word = next_word(dir);
	std::ofstream(running + "/writes", std::ios::app)
		<< dir.filename().string() + " " + value + "\n";
	const auto state = read_word(dir / "state");
	if (word != "ok") {
		errno = std::stoi(word);
		return -1;
	}
	if (value != "unplugged" && state != "unplugged") {
		errno = EBUSY;
		return -1;
	}
	std::ifstream blocks(dir / "blocks");
	for (std::string block; blocks >> block;) {
		const fs::path one = running + "/sys/devices/system/memory/memory" + block;
		// File systems, unlike sysfs, may give the new directory the inode of the old one.
		const auto aside = dir / ("memory" + block);
		if (value == "unplugged") {
			fs::rename(one, aside);
			continue;
		}
		if (fs::exists(aside))
			fs::rename(aside, one);
		fs::create_directories(one);
		put(one / "state", "offline");
		change(one, value);
	}
	put(dir / "state", value);
	return static_cast<ssize_t>(value.size());
}

/// True where the link `firmware_node` of a block leads to this device, or to one in it.
bool belongs_to(const fs::path &block, const std::string &device)
{
	std::error_code none;
	const auto owner = fs::read_symlink(block / "firmware_node", none);
	return std::find(owner.begin(), owner.end(), fs::path(device)) != owner.end();
}

/// The `online` of a container.
ssize_t write_container(const fs::path &dir, const std::string &value)
{
	const auto name = dir.filename().string();
	std::ofstream(running + "/writes", std::ios::app) << name + " online " + value + "\n";
	bool busy = false;
	for (const auto &block : fs::directory_iterator(running + "/sys/devices/system/memory"))
		busy |= belongs_to(block.path(), name) &&
			read_word(block.path() / "state") != "offline";
	for (const auto &node : fs::recursive_directory_iterator(dir / "firmware_node"))
		busy |= node.path().filename() == "physical_node1" &&
			read_word(running + "/sys/devices/system/cpu/" +
				  fs::read_symlink(node.path()).filename().string() + "/online") !=
				"0";
	if (busy && value == "0") {
		errno = EBUSY;
		return -1;
	}
	put(dir / "online", value);
	return static_cast<ssize_t>(value.size());
}

/// The `eject` of an ACPI device, which is what the kernel's worker does later: it takes the blocks
/// away, or with "stay" it does not.
ssize_t write_eject(const fs::path &dir, const std::string &value)
{
	const auto name = dir.filename().string();
	std::ofstream(running + "/writes", std::ios::app) << name + " eject " + value + "\n";
	const auto word = next_word(dir);
	if (word != "ok" && word != "stay") {
		errno = std::stoi(word);
		return -1;
	}
	std::vector<fs::path> owned;
	for (const auto &block : fs::directory_iterator(running + "/sys/devices/system/memory"))
		if (word == "ok" && belongs_to(block.path(), name))
			owned.push_back(block.path());
	for (const auto &block : owned)
		fs::remove_all(block);
	return static_cast<ssize_t>(value.size());
}

/// Files that a write between two passes goes to: noted, and replaced as a whole.
bool is_help(const std::string &path)
{
	return ends_with(path, "/nr_hugepages") || ends_with(path, "/drop_caches") ||
	       ends_with(path, "/compact") || ends_with(path, "/reclaim");
}

} // namespace

FakeKernel::FakeKernel(const MachineTree &tree) : tree_(tree) { running = tree.root(); }

FakeKernel::~FakeKernel() { running.clear(); }

void FakeKernel::script(uint64_t block, const std::vector<std::string> &words) const
{
	std::string text;
	for (const auto &word : words)
		text += word + "\n";
	tree_.write(MachineTree::dir(block) + "/script", text);
}

void FakeKernel::put_back(uint64_t block) const
{
	const auto dir = fs::path(tree_.path(MachineTree::dir(block)));
	const auto type = read_word(dir / "online_type");
	change(dir, "offline");
	change(dir, type.empty() ? "online" : type);
}

void FakeKernel::script_eject(const std::string &device,
			      const std::vector<std::string> &words) const
{
	std::string text;
	for (const auto &word : words)
		text += word + "\n";
	tree_.write(MachineTree::eject_dir(device) + "/script", text);
}

std::vector<std::string> FakeKernel::writes() const
{
	std::vector<std::string> lines;
	std::ifstream log(tree_.path("writes"));
	for (std::string line; std::getline(log, line);)
		lines.push_back(line);
	return lines;
}

} // namespace memhp

extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier): the names are the linker's (--wrap)
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	using namespace memhp;

	if (running.empty())
		return __real_write(fd, data, size);
	std::array<char, PATH_MAX> target{};
	const auto link = "/proc/self/fd/" + std::to_string(fd);
	if (readlink(link.c_str(), target.data(), target.size() - 1) < 0)
		return __real_write(fd, data, size);
	const std::string path = target.data();
	const bool ours = path.rfind(running, 0) == 0;
	if (ours && ends_with(path, "/eject"))
		return write_eject(fs::path(path).parent_path(),
				   {static_cast<const char *>(data), size});
	if (ours && ends_with(path, "/online") && path.find("/container/") != std::string::npos)
		return write_container(fs::path(path).parent_path(),
				       {static_cast<const char *>(data), size});
	if (ours && ends_with(path, "/state")) {
		const auto dir = fs::path(path).parent_path();
		const std::string value(static_cast<const char *>(data), size);
		return dir.filename().string().rfind("dax", 0) == 0 ? write_dax_state(dir, value)
								    : write_state(dir, value);
	}
	// A sysfs attribute is replaced by a write, not overwritten in part.
	const bool setting = ends_with(path, "/auto_online_blocks") ||
			     path.find("/parameters/") != std::string::npos;
	const bool help = ours && is_help(path);
	if (help)
		std::ofstream(running + "/writes", std::ios::app)
			<< path.substr(path.rfind('/') + 1) + " " +
				   std::string(static_cast<const char *>(data), size) + "\n";
	if (((ours && setting) || help) && ftruncate(fd, 0) < 0)
		return -1;
	return __real_write(fd, data, size);
}
}
