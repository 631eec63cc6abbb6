// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/base/result.h"
#include "core/show/metrics.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// What can be measured without memhpd, where `tally` is known.
Measures measure(const Sysfs &sysfs, const Kmod &kmod, Tally tally);

/// The same from a look at all memory blocks. Fails where they cannot be read.
Result<Measures> measure(const Sysfs &sysfs, const Kmod &kmod);

} // namespace memhp
