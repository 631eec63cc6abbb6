// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/block.h"
#include "core/unplug.h"
#include "memhpd/config_file.h"
#include "memhpd/requests.h"
#include "system/engine.h"
#include "system/loop.h"
#include "system/sysfs.h"
#include "system/uevent.h"

namespace memhp
{

/// What a restarted memhpd must know of an unplug that the one before it had taken over.
struct SavedUnplug {
	struct Origin {
		uint64_t inode = 0; ///< another one is another life
		Zone zone = Zone::none;

		bool operator==(const Origin &) const = default;
	};
	Time asked{}; ///< CLOCK_BOOTTIME
	std::map<uint64_t, Origin> taken;

	bool operator==(const SavedUnplug &) const = default;
};
/// By the name of the device.
using SavedUnplugs = std::map<std::string, SavedUnplug>;

/// Takes over what the kernel gives up: a device that the host wants back is taken offline with
/// more patience, and ejected. Each device goes its own way; the machine in core/unplug decides.
class Unplugger
{
public:
	struct Hooks {
		/// Reports all failures that the kernel has told so far, by failed().
		std::function<void()> drain;
		std::function<void()> changed; ///< saved() has changed: save it now
	};
	struct View {
		std::string device;
		Time asked{};
		Time until{};
		std::string doing; ///< for a person
		unsigned ejects = 0;
	};
	struct Counters {
		uint64_t asked = 0;   ///< requests of the host that the kernel gave up
		uint64_t ejected = 0; ///< devices that went in the end
		uint64_t gave_up = 0;
	};

	Unplugger(Loop &loop, const Sysfs &sysfs, Engine &engine, Requests &requests,
		  const ConfigFile &config, Hooks hooks);

	/// Goes on with what the memhpd before has left.
	void resume(const SavedUnplugs &saved);

	/// The firmware asked for the device of this block, and the kernel has given up, or is
	/// about to.
	void failed(uint64_t block);

	void on_uevent(const Uevent &event);

	SavedUnplugs saved() const;
	std::vector<View> views() const;
	const Counters &counters() const { return counters_; }

private:
	struct Entry {
		Entry(const Unplug::Spec &spec, Time asked) : machine(spec, asked) {}

		Unplug machine;
		SavedUnplug saved;
		std::set<uint64_t> blocks; ///< that are still there
		std::string doing;
		size_t restoring = 0; ///< requests that put blocks back
		Loop::Source timer;
	};

	Unplug::Spec spec() const;
	Result<std::vector<Block>> blocks_of(const std::string &device) const;
	/// Does what the machine wants. Ends with the entry gone, or waiting for a callback.
	void advance(const std::string &device);
	void settle(const std::string &device);
	void offline(const std::string &device, Time until);
	void eject(const std::string &device);
	void restore(const std::string &device);
	void end(const std::string &device);
	/// Calls `then` with the entry, if it is still there, and goes on with it.
	void with(const std::string &device, const std::function<void(Entry &)> &then);

	Loop &loop_;
	const Sysfs &sysfs_;
	Engine &engine_;
	Requests &requests_;
	const ConfigFile &config_;
	Hooks hooks_;
	std::map<std::string, Entry> entries_;
	Counters counters_;
};

} // namespace memhp
