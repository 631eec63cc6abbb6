// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memhp
{

/// A directory of its own, gone at the end of the test. Paths are below it.
class Tree
{
public:
	/// Below `parent`, or where temporary files go.
	explicit Tree(const std::string &parent = "");
	~Tree();
	Tree(const Tree &) = delete;
	Tree &operator=(const Tree &) = delete;

	const std::string &root() const { return root_; }
	std::string path(std::string_view path) const { return root_ + "/" + std::string(path); }

	/// Parent directories come by themselves.
	void write(std::string_view path, std::string_view content) const;
	/// Gives an existing file another content in one write(2), as sysfs files get it: nobody
	/// sees it empty. The file keeps its length if that is more; trailing newlines say nothing.
	void overwrite(std::string_view path, std::string content) const;
	void link(std::string_view path, std::string_view target) const;
	void make_directory(std::string_view path) const;
	void make_fifo(std::string_view path) const;
	void move(std::string_view from, std::string_view to) const;
	void remove(std::string_view path) const;
	/// Content without the trailing newline; empty where there is no such file.
	std::string read(std::string_view name) const { return slurp(path(name)); }
	bool exists(std::string_view path) const;
	/// The same of a file anywhere.
	static std::string slurp(const std::string &path);

private:
	std::string root_;
};

/// A machine: its memory in sysfs.
class MachineTree : public Tree
{
public:
	/// `block_size` in bytes; `parent` as for Tree.
	explicit MachineTree(uint64_t block_size = 1 << 27, const std::string &parent = "");

	void add(uint64_t block, std::string_view state, std::string_view valid_zones,
		 int node = 0) const;
	/// The settings of the module memory_hotplug, with the kernel's own values.
	void add_policy_settings() const;
	/// A dax device that owns these blocks, with a file `state` where that is not empty.
	void add_dax(std::string_view device, uint64_t first, uint64_t last,
		     std::string_view state) const;
	/// The machine has 64 GiB, of which so much is available (at first: all).
	void set_available(uint64_t bytes) const;
	/// Memory pressure, "12.50" percent; at first the kernel measures none.
	void set_pressure(const std::string &percent) const;
	/// Content of /proc/kpageflags for pages of a block, from its page `first` on; at first
	/// all is free. `flags` one for each page.
	void set_page_flags(uint64_t block, uint64_t first,
			    const std::vector<uint64_t> &flags) const;
	/// A block with a broken page, which the kernel counts.
	void poison(uint64_t block) const;
	/// The link by which ACPI devices own their blocks.
	void own(uint64_t block, std::string_view device) const;
	/// The file `eject` of such a device.
	void add_eject(const std::string &device) const;
	/// A container of the firmware, inside of `parent` if that is not empty: online, and with a
	/// file `eject`. Its devices own blocks by the name "ACPI0004:00/PNP0C80:03".
	void add_container(const std::string &name, const std::string &parent = "") const;
	/// The firmware's device of an online processor; `path` as for own().
	void add_processor(const std::string &path, unsigned cpu) const;
	/// Path of the directory in which it is.
	static std::string eject_dir(const std::string &device);
	std::string state(uint64_t block) const;
	/// Path of a block's directory.
	static std::string dir(uint64_t block);

private:
	uint64_t block_size_;
};

/// The kernel's side of a MachineTree: while it exists, a write to a block's or dax device's
/// `state`, to a device's `eject`, a container's `online` or to a setting, by this process or one
/// forked from it, does what the kernel would do. (The linker puts it in the place of write(2).)
///
/// Online and offline change `state` and `valid_zones`, or fail with EINVAL where the block is in
/// that state already. `script()` makes the next writes to a block end otherwise.
class FakeKernel
{
public:
	explicit FakeKernel(const MachineTree &tree);
	~FakeKernel();
	FakeKernel(const FakeKernel &) = delete;
	FakeKernel &operator=(const FakeKernel &) = delete;

	/// One word for each of the next writes: "ok", a number (that errno), "hang" (until it is
	/// killed), "vanish" (the block goes, ENODEV), "other" (EINVAL, but somebody else did it),
	/// "kernel" (the same, by online_kernel).
	void script(uint64_t block, const std::vector<std::string> &words) const;

	/// Takes an online block offline and online by itself, as after a failed ejection: into the
	/// zone that the kernel remembers, else Normal.
	void put_back(uint64_t block) const;

	/// The same for the `eject` of a device, whose blocks it removes; "stay": it does not, and
	/// tells nobody. A container that goes offline: EBUSY where a block or processor in it is
	/// online.
	void script_eject(const std::string &device, const std::vector<std::string> &words) const;

	/// All writes so far to `state`, to `eject`, to `online`, and to files that help between
	/// two passes, in their order: "40 online_movable", "PNP0C80:01 eject 1", "drop_caches 2".
	std::vector<std::string> writes() const;

private:
	const MachineTree &tree_;
};

} // namespace memhp
