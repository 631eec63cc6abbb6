// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace memhp
{

/// `text` with its lines broken at blanks so that none is longer than `width` characters; what
/// follows in a broken line is indented by `indent`. A word that is longer stays as it is.
std::string fold(std::string_view text, size_t width, size_t indent);

/// The same for a cell of a table: also broken after commas, and anywhere where nothing else helps.
/// `width` is not 0. One line at least.
std::vector<std::string> fold_cell(std::string_view text, size_t width);

} // namespace memhp
