// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/base/result.h"
#include "core/show/metrics.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// What can be measured without memhpd. Fails where the memory blocks cannot be read.
Result<Measures> measure(const Sysfs &sysfs, const Kmod &kmod);

} // namespace memhp
