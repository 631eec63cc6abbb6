// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/memory/block.h"
#include "core/offline/unplug.h"
#include "memhpd/config_file.h"
#include "memhpd/requests.h"
#include "memhpd/unplugs_file.h"
#include "system/base/loop.h"
#include "system/kernel/uevent.h"
#include "system/memory/sysfs.h"
#include "system/offline/engine.h"

namespace memhp
{

/// Takes over what the kernel gives up: a device that the host wants back is taken offline with
/// more patience, and ejected. Each device goes its own way; the machine in core/offline/unplug
/// decides. What it has taken over is on record in the file unplugs.json before anything is
/// written; after a crash or a stop the next memhpd goes on with it.
class Unplugger
{
public:
	struct Parts {
		Loop &loop;
		const Sysfs &sysfs;
		Engine &engine;
		Requests &requests;
		const ConfigFile &config;
		const Fd &dir; ///< memhpd's directory, must stay open
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

	/// `drain` reports all failures that the kernel has told so far, by failed().
	Unplugger(Parts parts, std::function<void()> drain);

	/// Goes on with what the memhpd before has left, unless the configuration cannot be used:
	/// then it is kept.
	void resume();

	/// memhpd is about to stop: the next one goes on.
	void suspend() { suspended_ = true; }

	/// The firmware asked for the device of this block, and the kernel has given up, or is
	/// about to.
	void failed(uint64_t block);

	/// The firmware asked for a container, see system/offline/container.h.
	void container(const std::string &name);

	void on_uevent(const Uevent &event);

	std::vector<View> views() const;
	const Counters &counters() const { return counters_; }

private:
	struct Entry {
		Entry(const Unplug::Spec &spec, Time began) : machine(spec, began) {}

		Unplug machine;
		SavedUnplug saved;
		std::set<std::string> owners;	     ///< devices whose blocks they are
		std::vector<std::string> containers; ///< see Container; of a DIMM empty
		std::set<uint64_t> blocks;	     ///< that are still there
		std::string doing;
		size_t restoring = 0; ///< requests that put blocks back
		Loop::Source timer;
	};

	Unplug::Spec spec(bool container) const;
	/// True where this is another request of the host, or no request, for one that is under
	/// way.
	bool known(const std::string &device);
	/// The host wants it; `what` says why that is memhpd's to do.
	void take_over(const std::string &device, const std::string &what);
	Entry &add(const std::string &device, Time asked);
	/// Does what the machine wants. Ends with the entry gone, or waiting for a callback.
	void advance(const std::string &device);
	void settle(const std::string &device);
	void offline(const std::string &device, Time until);
	void release(const std::string &device);
	/// Writes 0 into `online` of the first of these, then of the others.
	void release(const std::string &device, std::vector<std::string> containers);
	void eject(const std::string &device);
	void restore(const std::string &device);
	void restore_blocks(const std::string &device);
	/// These stay offline for a request: no unplug puts them back.
	void forget(const std::vector<uint64_t> &blocks);
	void end(const std::string &device);
	void save() const;
	/// Calls `then` with the entry, if it is still there, and goes on with it.
	void with(const std::string &device, const std::function<void(Entry &)> &then);

	Parts parts_;
	std::function<void()> drain_;
	SavedUnplugs left_; ///< by the memhpd before, not gone on with yet
	bool loaded_ = false;
	bool suspended_ = false;
	std::map<std::string, Entry> entries_;
	Counters counters_;
};

} // namespace memhp
