// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/memory/block.h"

namespace memhp
{

/// What the words of a command name: `4G`, `32`, `memory32`, `32-47`, `32,40-47`,
/// `0x100000000-0x17fffffff`, `node:1`, `zone:movable`, `device:PNP0C80:00`, `all`.
/// Words of one kind add up, different kinds narrow each other down.
struct Target {
	using Range = std::pair<uint64_t, uint64_t>; ///< both ends included

	std::optional<uint64_t> bytes;
	std::vector<Range> numbers;
	std::vector<Range> addresses;
	std::vector<int> nodes;
	std::vector<Zone> zones;
	std::vector<std::string> devices;
	bool all = false;
	std::string text; ///< as written, for messages
};

/// Fails on a word of no known form, a range upside down, a number beyond 2^63-1, size 0.
Result<Target> parse_target(const std::vector<std::string> &words);

/// Reads "0x100000000-0x1ffffffff", both ends included. Fails as parse_target() does.
Result<Target::Range> parse_address_range(std::string_view text);

/// True where the target takes a whole machine or node 0 or its kernel zones, so that a person is
/// asked before an offline.
bool needs_consent(const Target &target);

} // namespace memhp
