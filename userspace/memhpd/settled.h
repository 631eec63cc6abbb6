// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/online/hooks.h"
#include "core/online/settle.h"
#include "memhpd/config_file.h"
#include "system/base/loop.h"
#include "system/kernel/uevent.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// Leaves word when memory has come or gone: the file settled.env in memhpd's directory.
/// memhp-settled.path waits for it and starts memhp-settled.service, which takes it away and runs
/// the programs: in a unit of their own, so that memhpd neither waits for them nor shares its
/// sandbox with them.
///
/// Word that nobody has taken yet becomes part of the next. What is still to be told survives a
/// restart, in the file settled.state.
class SettledHooks
{
public:
	/// `dir` is memhpd's directory and must stay open.
	SettledHooks(Loop &loop, const Sysfs &sysfs, const ConfigFile &config, const Fd &dir);

	/// Before memhpd changes anything. What changed since the memhpd before is told too.
	void start();
	/// Tells what there is to tell, unless that has to wait; then the next memhpd does.
	void stop();
	/// Takes the configuration in force, after a reload.
	void reconfigure();

	void on_uevent(const Uevent &event);
	/// A block went online or offline.
	void changed();
	/// The kernel dropped uevents: the next look tells whether anything has changed.
	void on_lost() { lost_ = true; }
	/// Another has just looked at all blocks. A look costs some system calls for each of them:
	/// where nobody is to be told, none is made here.
	void seen(const std::vector<Block> &blocks);

	/// How often word was left.
	uint64_t count() const { return count_; }

private:
	void arm();
	void tell();
	/// False where it cannot be left; said.
	bool leave_word(const Totals &after);
	/// False where there is no program that could be run.
	bool wanted() const;
	/// Takes back word that nobody has taken; gives its totals from before.
	std::optional<Totals> take_back() const;
	std::optional<Totals> look() const;
	/// True where the memhpd before had something left to tell.
	bool load();
	void save();

	Loop &loop_;
	const Sysfs &sysfs_;
	const ConfigFile &config_;
	const Fd &dir_;
	Settle settle_;
	/// When it was last told. Not known after a burst that nobody was to be told of, until the
	/// next look.
	std::optional<Totals> before_;
	bool lost_ = false;
	uint64_t count_ = 0;
	bool save_failed_ = false;
	Loop::Source timer_;
};

} // namespace memhp
