// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

namespace memhp
{

/// What `--help` of a verb ("offline", "policy check") shows below its options: two command lines
/// and what they do. Empty for a verb that has none, which a test finds.
std::string examples_of(std::string_view verb);

} // namespace memhp
