// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "core/base/document.h"
#include "core/config/config.h"

namespace memhp
{

/// Something in the file that cannot be used, and what would be accepted.
struct Mistake {
	Place place;
	std::string message;
};

/// Reads the file's top table. Fails with all its mistakes in the order of the file.
tl::expected<Config, std::vector<Mistake>> read_config(const Node &top);

} // namespace memhp
