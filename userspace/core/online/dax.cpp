// SPDX-License-Identifier: GPL-2.0-only
#include "core/online/dax.h"

namespace memhp
{

std::optional<std::string> next_dax_write(std::string_view state, OnlineType type, bool emptied)
{
	if (state == "unplugged")
		return std::string(to_string(type));
	if (emptied && parse_online_type(state))
		return std::nullopt;
	return "unplugged";
}

} // namespace memhp
