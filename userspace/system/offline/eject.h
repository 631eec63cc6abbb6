// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/offline/eject.h"
#include "system/memory/sysfs.h"
#include "system/offline/engine.h"

namespace memhp
{

/// Path below the root of the file that ejects a device of the firmware.
std::string eject_path(const std::string &device);

/// Blocks of these devices, in a fresh scan.
Result<std::vector<Block>> blocks_of(const Sysfs &sysfs, const std::set<std::string> &devices);

/// `blocks` are the device's.
EjectFacts eject_facts(const Sysfs &sysfs, const std::string &device, std::vector<Block> blocks);

/// Orders the write that ejects `device`, whose memory is that of `owners`. Where one of their
/// blocks is not offline when the order's turn comes, it is not written, and `done` gets EBUSY: the
/// kernel would take the block offline by itself, without end where one of its pages is held. A
/// write that succeeds is not yet an eject: the kernel does that in a worker of its own.
void order_eject(Engine &engine, const Sysfs &sysfs, const std::string &device,
		 const std::set<std::string> &owners, Writer::Done done);

/// How long an eject may take in the kernel before it is asked whether it is still at it.
inline constexpr Time eject_patience = std::chrono::seconds(10);

/// Ejects a device whose blocks are all offline, and waits until they are gone. `done` comes from
/// the loop; its failure says why the device is still there. `deadline` is the point in time up to
/// which it waits for an attempt of the kernel's that does not end.
void eject(Engine &engine, const Sysfs &sysfs, const std::string &device, Time deadline,
	   std::function<void(Result<void>)> done, Time patience = eject_patience);

} // namespace memhp
