// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/show/terminal.h"

namespace memhp
{

/// What is behind a file descriptor, by it and by the environment.
Terminal terminal_of(int fd);

} // namespace memhp
