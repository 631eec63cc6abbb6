// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/saved_document.h"

#include <fmt/format.h>

#include "system/base/fd.h"

namespace memhp
{

using nlohmann::json;

Result<bool> read_saved(int dir, const std::string &path, int version,
			const std::function<Result<void>(const json &)> &take,
			const json::parser_callback_t &filter)
{
	const auto text = read_file(dir, path);
	if (!text && text.error().code == std::errc::no_such_file_or_directory)
		return false;
	if (!text)
		return fail(text.error());
	try {
		const auto document = json::parse(*text, filter);
		if (document.at("version") != version)
			return fail_input(fmt::format("{}: written by another version", path));
		const auto taken = take(document);
		if (!taken)
			return fail({taken.error().code,
				     fmt::format("{}: {}", path, taken.error().message)});
		return true;
	} catch (const json::exception &error) {
		return fail_input(fmt::format("{}: {}", path, error.what()));
	}
}

} // namespace memhp
