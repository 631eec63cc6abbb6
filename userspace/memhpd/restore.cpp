// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/restore.h"

#include <cerrno>

#include <fcntl.h>

#include "memhpd/kernel_settings.h"
#include "memhpd/state.h"
#include "system/varlink/varlink.h"

namespace memhp
{

Result<void> restore_settings(const std::string &sysroot)
{
	const auto run = (sysroot == "/" ? "" : sysroot) + "/run/memhp";
	if (varlink::Client::connect(run + "/" + socket_file))
		return fail_errno(EBUSY,
				  "memhpd is running, and puts them back when it is stopped");
	const auto dir = open_at(AT_FDCWD, run, O_RDONLY | O_DIRECTORY);
	if (!dir && dir.error().code == std::errc::no_such_file_or_directory)
		return {};
	if (!dir)
		return fail(dir.error());
	auto state = load_state(dir->get(), state_file);
	if (!state)
		return fail(state.error());
	if (!*state || (*state)->settings.empty())
		return {};

	const auto root = open_at(AT_FDCWD, sysroot, O_PATH | O_DIRECTORY);
	if (!root)
		return fail(root.error());
	KernelSettings settings(root->get(), [] {});
	settings.find((*state)->settings);
	const bool clean = settings.restore();
	(*state)->settings = settings.held();
	const auto saved = save_state(dir->get(), state_file, **state);
	if (!saved)
		return saved;
	if (!clean)
		return fail_input("not all settings could be put back");
	return {};
}

} // namespace memhp
