// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "memhpd/control.h"

namespace memhp
{

/// What the method Status answers. Only root learns which pages hold what is stuck.
nlohmann::json status_report(const Control::Parts &parts, bool for_root);

/// The part of it about an attempt of the kernel's that does not end; `now` by CLOCK_BOOTTIME.
nlohmann::json stuck_report(const KernelWatch::Stuck &stuck, Time now, bool for_root);

} // namespace memhp
