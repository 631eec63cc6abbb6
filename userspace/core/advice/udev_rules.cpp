// SPDX-License-Identifier: GPL-2.0-only
#include "core/advice/udev_rules.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <vector>

namespace memhp
{
namespace
{

/// KEY{attribute} OPERATOR "value".
struct Token {
	std::string key;
	std::string attribute;
	std::string operation;
	std::string value;

	bool assigns() const { return operation == "=" || operation == ":=" || operation == "+="; }
};

/// Lines without comments, those that end with a backslash joined with the next.
std::vector<std::string> lines_of(std::string_view text)
{
	std::vector<std::string> lines;
	std::string line;
	while (!text.empty()) {
		const auto part = text.substr(0, text.find('\n'));
		text.remove_prefix(std::min(part.size() + 1, text.size()));
		const auto begin = part.find_first_not_of(" \t");
		if (line.empty() && (begin == std::string_view::npos || part[begin] == '#'))
			continue;
		const bool goes_on = !part.empty() && part.back() == '\\';
		line += part.substr(line.empty() ? begin : 0, part.npos);
		if (goes_on) {
			line.pop_back();
			continue;
		}
		lines.push_back(std::move(line));
		line.clear();
	}
	if (!line.empty())
		lines.push_back(std::move(line));
	return lines;
}

std::optional<Token> next_token(std::string_view &line)
{
	Token token;
	const auto begin = line.find_first_not_of(" \t,");
	if (begin == std::string_view::npos)
		return std::nullopt;
	line.remove_prefix(begin);
	const auto quote = line.find('"');
	if (quote == std::string_view::npos)
		return std::nullopt;
	auto head = std::string(line.substr(0, quote));
	line.remove_prefix(quote + 1);
	for (bool escaped = false; !line.empty(); line.remove_prefix(1)) {
		if (line.front() == '"' && !escaped)
			break;
		escaped = line.front() == '\\' && !escaped;
		token.value += line.front();
	}
	line.remove_prefix(std::min<size_t>(1, line.size()));

	const auto is_space = [](unsigned char character) { return std::isspace(character) != 0; };
	head.erase(std::remove_if(head.begin(), head.end(), is_space), head.end());
	const auto operation =
		std::min(head.find_first_of("=!+-:", head.find('}') + 1), head.size());
	token.operation = head.substr(operation);
	// An "e" or "i" before the quote says how the value is written, or compared.
	while (!token.operation.empty() &&
	       std::isalpha(static_cast<unsigned char>(token.operation.back())))
		token.operation.pop_back();
	head.resize(operation);
	const auto brace = head.find('{');
	token.key = head.substr(0, brace);
	if (brace != std::string::npos)
		token.attribute = head.substr(brace + 1, head.find('}') - brace - 1);
	return token;
}

/// True where one of the alternatives of a pattern ("cpu|memory") is memory.
bool names_memory(std::string_view pattern)
{
	while (!pattern.empty()) {
		const auto one = pattern.substr(0, pattern.find('|'));
		if (one == "memory")
			return true;
		pattern.remove_prefix(std::min(one.size() + 1, pattern.size()));
	}
	return false;
}

bool contains(std::string_view text, std::string_view what)
{
	return text.find(what) != std::string_view::npos;
}

struct Line {
	std::string text;
	std::vector<Token> tokens;

	const Token *find(std::string_view key) const
	{
		const auto found =
			std::find_if(tokens.begin(), tokens.end(),
				     [&](const Token &token) { return token.key == key; });
		return found == tokens.end() ? nullptr : &*found;
	}
};

} // namespace

MemoryRules read_memory_rules(std::string_view text)
{
	MemoryRules rules;
	bool all_memory = false; // the others do not get here
	std::string others_go_to;
	std::set<std::string> memory_goes_to;
	for (const auto &text_line : lines_of(text)) {
		Line line{text_line, {}};
		std::string_view rest = line.text;
		while (auto token = next_token(rest))
			line.tokens.push_back(std::move(*token));

		const auto *subsystem = line.find("SUBSYSTEM");
		if (const auto *label = line.find("LABEL"))
			all_memory = memory_goes_to.count(label->value) ||
				     (all_memory && label->value != others_go_to);
		const auto *jump = line.find("GOTO");
		if (subsystem && jump && names_memory(subsystem->value)) {
			if (subsystem->operation == "!=") {
				all_memory = true;
				others_go_to = jump->value;
			} else {
				memory_goes_to.insert(jump->value);
			}
			continue;
		}
		const bool here =
			subsystem ? subsystem->operation == "==" && names_memory(subsystem->value)
				  : all_memory;
		if (!here)
			continue;
		for (const auto &token : line.tokens) {
			const bool program = token.key == "RUN" || token.key == "PROGRAM" ||
					     token.key == "IMPORT";
			const bool writes =
				token.key == "ATTR" && token.assigns() &&
				(token.attribute == "state" || token.attribute == "online");
			if (rules.onlines.empty() &&
			    (writes || (program && contains(token.value, "online") &&
					contains(token.value, "/state"))))
				rules.onlines = line.text;
			// A builtin is no program, and PROGRAM with uname asks for the
			// architecture.
			if (!program || token.attribute == "builtin")
				continue;
			const bool loads =
				contains(token.value, "kdump") || contains(token.value, "kexec");
			rules.kdump |= loads;
			rules.throttled |= loads && contains(token.value, "throttl");
			if (token.key == "RUN" || loads)
				rules.runs = rules.runs.empty() || loads ? line.text : rules.runs;
		}
	}
	rules.crash_hotplug = contains(text, "crash_hotplug");
	return rules;
}

} // namespace memhp
