// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace memhp
{

/// A document as text, indented; on one line for `indent` -1. What is no UTF-8 in it (names of
/// files, contents of broken ones) is replaced: dump() would throw.
inline std::string json_text(const nlohmann::json &document, int indent = 2)
{
	return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace memhp
