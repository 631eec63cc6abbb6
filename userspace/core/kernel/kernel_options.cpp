// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/kernel_options.h"

#include <algorithm>

namespace memhp
{

KernelConfig parse_kernel_config(std::string_view text)
{
	constexpr std::string_view prefix = "CONFIG_";
	KernelConfig config;
	while (!text.empty()) {
		const auto line = text.substr(0, text.find('\n'));
		text.remove_prefix(std::min(line.size() + 1, text.size()));
		const auto equals = line.find('=');
		if (line.substr(0, prefix.size()) != prefix || equals == std::string_view::npos)
			continue;
		config.emplace(line.substr(prefix.size(), equals - prefix.size()),
			       line.substr(equals + 1));
	}
	return config;
}

BootParameters parse_command_line(std::string_view text)
{
	BootParameters parameters;
	std::string word;
	bool quoted = false;
	const auto end_word = [&] {
		if (word.empty())
			return true;
		if (word == "--")
			return false;
		const auto equals = std::min(word.find('='), word.size());
		auto name = word.substr(0, equals);
		std::replace(name.begin(), name.end(), '-', '_');
		parameters.emplace_back(std::move(name),
					equals < word.size() ? word.substr(equals + 1) : "");
		word.clear();
		return true;
	};
	for (const char character : text) {
		if (character == '"')
			quoted = !quoted;
		else if (quoted || std::string_view(" \t\n").find(character) == std::string::npos)
			word += character;
		else if (!end_word())
			return parameters;
	}
	end_word();
	return parameters;
}

} // namespace memhp
