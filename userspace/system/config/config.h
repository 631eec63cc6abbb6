// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "core/config/config.h"

namespace memhp
{

constexpr auto default_config_path = "/etc/memhp/memhpd.toml";

/// What is wrong with a file, in its order: lines "file:line:column: what, and what would be
/// accepted". Never empty.
using Mistakes = std::vector<std::string>;
using ConfigResult = tl::expected<Config, Mistakes>;

/// Reads a configuration. `name` stands in messages for the file.
ConfigResult parse_config(std::string_view text, const std::string &name);

/// Reads the file `path`; nothing where there is none.
tl::expected<std::optional<Config>, Mistakes> load_config(const std::string &path);

} // namespace memhp
