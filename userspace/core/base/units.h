// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace memhp
{

/// A point in time or a span: milliseconds of CLOCK_BOOTTIME. The pure parts get it as an argument
/// and never read a clock.
using Time = std::chrono::milliseconds;

/// Reads "4G", "4.5G", "512MiB", "128m": a decimal number and a binary suffix (K M G T P, with
/// "iB" or "B" after it if wanted) or none for bytes. Fails on a sign, on anything else behind the
/// number, on a size that is no whole number of bytes, and beyond 2^63-1.
Result<uint64_t> parse_size(std::string_view text);

/// The shortest exact form with one binary suffix, as lsmem prints it: "2G", "128M", "1.5G".
/// Sizes that need more than one decimal are rounded to one.
std::string format_size(uint64_t bytes);

/// What parse_size() reads back as the same number: "1536M", "1000".
std::string exact_size(uint64_t bytes);

/// Reads "100ms", "2s", "10m", "1h", and sums of them as "1m30s". A unit is required.
Result<Time> parse_duration(std::string_view text);

/// "350ms", "2s", "1m30s", "1h".
std::string format_duration(Time span);

/// "350us", "4.2ms", "1.75s".
std::string format_microseconds(uint64_t us);

/// What parse_duration() reads back as the same span, which must not be negative: "1s500ms".
std::string exact_duration(Time span);

/// Reads a whole unsigned number in base 10 or 16, all of `text`; nothing on a sign, on overflow
/// or on any other character. The base-16 form takes no prefix.
bool parse_number(std::string_view text, int base, uint64_t &value);

/// True for the 1st, 10th, 100th, … of a thing that happens again and again.
bool worth_a_line(uint64_t count);

} // namespace memhp
