// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/metrics.h"
#include "core/result.h"
#include "system/kmod.h"
#include "system/sysfs.h"

namespace memhp
{

/// What can be measured without memhpd. Fails where the memory blocks cannot be read.
Result<Measures> measure(const Sysfs &sysfs, const Kmod &kmod);

} // namespace memhp
