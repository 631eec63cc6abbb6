// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/memory/block.h"
#include "system/base/loop.h"
#include "system/memory/sysfs.h"
#include "system/offline/engine.h"

namespace memhp
{

/// Onlines the memory of dax devices as a whole, through the `state` file that dax/kmem has since
/// Linux 7.3, see core/online/dax.h. Such a device is never touched block by block.
class DaxOnliner
{
public:
	/// `changed`: pending() is to be saved.
	DaxOnliner(Loop &loop, const Sysfs &sysfs, Engine &engine, std::function<void()> changed)
		: loop_(loop), sysfs_(sysfs), engine_(engine), changed_(std::move(changed))
	{
	}

	/// True for a device that has the file.
	bool has_state(const std::string &device) const;

	/// Called once at the end: empty where the device is online, else why it is not.
	using Done = std::function<void(const std::string &failure)>;

	/// Brings a device online whose blocks, all of them offline, are `blocks`. They vanish on
	/// the way and come back as new ones. Not for a device that is pending().
	void take(const std::string &device, std::vector<uint64_t> blocks, OnlineType type,
		  Done done);

	/// Ends what a memhpd before this one began: onlines the devices that are unplugged.
	void resume(const std::map<std::string, OnlineType> &saved);

	/// Devices that are on their way, and as what they shall be online.
	std::map<std::string, OnlineType> pending() const;

private:
	struct Taken {
		std::vector<uint64_t> blocks;
		OnlineType type;
		Done done;
		bool emptied = false;
		unsigned failures = 0;
		Loop::Source retry;
	};

	void step(const std::string &device);
	void written(const std::string &device, const std::string &value,
		     const Writer::Outcome &outcome);
	void finish(const std::string &device, const std::string &failure);

	Loop &loop_;
	const Sysfs &sysfs_;
	Engine &engine_;
	std::function<void()> changed_;
	std::map<std::string, Taken> taken_;
};

} // namespace memhp
