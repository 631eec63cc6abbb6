// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

#include "core/policy.h"
#include "core/result.h"
#include "core/retry.h"

namespace memhp
{

/// What memhpd.toml says; the defaults are those of an empty file.
struct Config {
	/// Why the file could not be used: then memory still gets online by the defaults, and
	/// nothing goes offline.
	std::string broken;
	OnlinePolicy online;

	struct Offline {
		Time deadline = std::chrono::minutes(10);
		Time attempt_deadline = std::chrono::seconds(2);
		Backoff backoff;
	} offline;
};

/// Reads a configuration. An unknown key, a wrong type or a bad value is a failure that names file,
/// line, column, and what would be accepted. `name` stands in messages for the file.
Result<Config> parse_config(std::string_view text, const std::string &name);

/// Reads the file `path`; a missing file gives the defaults only where `optional` says so.
Result<Config> load_config(const std::string &path, bool optional);

} // namespace memhp
