// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/config.h"

#include <fcntl.h>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/config/config_reader.h"
#include "system/base/fd.h"

namespace memhp
{
namespace
{

Place place(const toml::source_region &where) { return {where.begin.line, where.begin.column}; }

Node plain(const toml::node &node)
{
	Node result{place(node.source()), {}};
	if (const auto *truth = node.as_boolean())
		result.value = truth->get();
	else if (const auto *whole = node.as_integer())
		result.value = whole->get();
	else if (const auto *number = node.as_floating_point())
		result.value = number->get();
	else if (const auto *text = node.as_string())
		result.value = text->get();
	else if (const auto *list = node.as_array()) {
		Node::List items;
		for (const auto &item : *list)
			items.push_back(plain(item));
		result.value = std::move(items);
	} else if (const auto *table = node.as_table()) {
		Node::Table members;
		for (const auto &[key, value] : *table)
			members.push_back(
				{std::string(key.str()), place(key.source()), plain(value)});
		result.value = std::move(members);
	}
	return result;
}

/// A mistake is one line, of text that a journal and JSON take: `bad` bytes of the file that it
/// quotes become \xNN.
std::string one_line(std::string_view text, bool (*bad)(unsigned char))
{
	std::string line;
	for (const char c : text) {
		const auto byte = static_cast<unsigned char>(c);
		line += bad(byte) ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
	}
	return line;
}

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }

/// For files that are no TOML: they need not be UTF-8 either.
bool is_no_plain_text(unsigned char byte) { return is_control(byte) || byte >= 0x80; }

} // namespace

ConfigResult parse_config(std::string_view text, const std::string &name)
{
	std::vector<Mistake> mistakes;
	try {
		auto config = read_config(plain(toml::parse(text, name)));
		if (config)
			return std::move(*config);
		mistakes = std::move(config.error());
	} catch (const toml::parse_error &error) {
		// No TOML: the parser stops at the first mistake.
		mistakes.push_back(
			{place(error.source()), one_line(error.description(), is_no_plain_text)});
	}
	Mistakes lines;
	for (const auto &[where, message] : mistakes)
		lines.push_back(fmt::format("{}:{}:{}: {}", name, where.line, where.column,
					    one_line(message, is_control)));
	return tl::unexpected<Mistakes>(std::move(lines));
}

tl::expected<std::optional<Config>, Mistakes> load_config(const std::string &path)
{
	const auto text = read_file(AT_FDCWD, path);
	if (!text && text.error().code == std::errc::no_such_file_or_directory)
		return std::optional<Config>();
	if (!text)
		return tl::unexpected<Mistakes>(Mistakes{text.error().message});
	return parse_config(*text, path).map([](Config config) {
		return std::optional<Config>(std::move(config));
	});
}

} // namespace memhp
