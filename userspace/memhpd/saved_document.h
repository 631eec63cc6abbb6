// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/result.h"

namespace memhp
{

/// Reads the file `path` below `dir`, in which a memhpd has left something for the next one: a JSON
/// object with the key "version". `take` gets the document; what it says against it is a failure,
/// as is a key that is missing or of the wrong type (nlohmann's exceptions end here), another
/// version, or a file that cannot be read. True where `take` has taken it, false where there is no
/// file. `filter` sees each value while the text is parsed (nlohmann::json::parse), and may keep it
/// out of the document.
Result<bool> read_saved(int dir, const std::string &path, int version,
			const std::function<Result<void>(const nlohmann::json &)> &take,
			const nlohmann::json::parser_callback_t &filter = nullptr);

} // namespace memhp
