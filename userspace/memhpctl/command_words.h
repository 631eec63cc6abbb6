// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/memory/target.h"
#include "memhpctl/verbs.h"

/// What stands on the command line as text, and what it means. Each fails with what to write
/// instead.

namespace memhp
{

/// Sizes and durations come in as text: CLI11's own conversions take "-5" for a huge number.
struct ChangeWords {
	std::string deadline;
	std::string attempt_deadline;
	std::string min_free;
	std::string zone = "movable";
};

/// Reads the rest of an online, offline or eject command line.
Result<void> complete(const ChangeWords &words, ChangeRequest &request);

/// ChangeWords of a `plan add`.
struct PlanWords {
	std::string size;
	std::string node;
	std::string source = "acpi-dimm";
};

Result<PlanAddOptions> complete(const PlanWords &words);

/// The value of `option`; leaves `size` as it is where `text` is empty.
Result<void> read_size(const char *option, const std::string &text, std::optional<uint64_t> &size);

/// A deadline; leaves `span` as it is where `text` is empty.
Result<void> read_span(const std::string &text, std::optional<Time> &span);

/// Numbers of NUMA nodes, of --node.
Result<void> read_nodes(const std::vector<std::string> &words, std::vector<int> &nodes);

/// Block numbers and ranges, of --block.
Result<void> read_blocks(const std::vector<std::string> &words, std::vector<Target::Range> &blocks);

} // namespace memhp
