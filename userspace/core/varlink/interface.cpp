// SPDX-License-Identifier: GPL-2.0-only
#include "core/varlink/interface.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

namespace memhp::varlink
{
namespace
{

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

/// Types and members: letters and digits, the first a capital.
bool is_member_name(std::string_view text)
{
	return !text.empty() && is_upper(text.front()) &&
	       std::all_of(text.begin(), text.end(),
			   [](char c) { return is_letter(c) || is_digit(c); });
}

/// Fields and the words of a choice: parts of letters and digits with a '_' between them, the first
/// character a letter.
bool is_field_name(std::string_view text)
{
	if (text.empty() || !is_letter(text.front()) || text.back() == '_' ||
	    text.find("__") != std::string_view::npos)
		return false;
	return std::all_of(text.begin(), text.end(),
			   [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

/// Two parts or more, each of letters, digits and inner '-', the first beginning with a letter.
bool is_interface_name(std::string_view text)
{
	bool dot = false;
	char before = '.';
	for (const char c : text) {
		const bool plain = is_letter(c) || is_digit(c);
		if (!plain && c != '-' && c != '.')
			return false;
		if (!plain && (before == '.' || before == '-'))
			return false;
		dot = dot || c == '.';
		before = c;
	}
	return dot && is_letter(text.front()) && (is_letter(before) || is_digit(before));
}

/// Recursive descent; the first mistake ends it.
class Parser
{
public:
	explicit Parser(std::string_view text) : text_(text) { advance(); }

	Result<Description> parse()
	{
		Description description;
		expect("interface");
		description.name = std::string(token_);
		if (!is_interface_name(token_))
			wrong("no name of an interface");
		advance();
		while (good() && !token_.empty())
			member(description);
		for (const auto &[name, line] : used_)
			if (description.types.count(name) == 0)
				wrong(fmt::format("there is no type {}", name), line);
		if (!good())
			return fail_input(std::move(mistake_));
		return description;
	}

private:
	bool good() const { return mistake_.empty(); }

	void wrong(const std::string &what, int line)
	{
		if (good())
			mistake_ = fmt::format("line {}: {}", line, what);
	}
	void wrong(const std::string &what)
	{
		wrong(fmt::format("{}, at '{}'", what, token_), line_);
	}

	/// The next word, "->", "[]" or single character; empty at the end.
	void advance()
	{
		for (; at_ < text_.size(); ++at_) {
			if (text_[at_] == '#')
				at_ = std::min(text_.find('\n', at_), text_.size());
			if (at_ == text_.size())
				break;
			if (text_[at_] == '\n')
				++line_;
			else if (text_[at_] != ' ' && text_[at_] != '\t')
				break;
		}
		size_t end = at_;
		while (end < text_.size() &&
		       (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '_' ||
			text_[end] == '.' || (text_[end] == '-' && text_.substr(end, 2) != "->")))
			++end;
		if (end == at_ && at_ < text_.size())
			end += text_.substr(at_, 2) == "->" || text_.substr(at_, 2) == "[]" ? 2 : 1;
		token_ = text_.substr(at_, end - at_);
		at_ = end;
	}

	void expect(std::string_view wanted)
	{
		if (token_ != wanted)
			wrong(fmt::format("expected '{}'", wanted));
		advance();
	}

	template <typename T>
	void define(std::map<std::string, T> &members, const std::string &name, int line, T value)
	{
		if (!is_member_name(name))
			wrong(fmt::format("'{}' is no name", name), line);
		if (!names_.insert(name).second)
			wrong(fmt::format("{} is there twice", name), line);
		members.emplace(name, std::move(value));
	}

	void member(Description &description)
	{
		const auto kind = token_;
		advance();
		const std::string name(token_);
		const int line = line_;
		advance();
		if (kind == "type") {
			define(description.types, name, line, compound());
		} else if (kind == "error") {
			define(description.errors, name, line, structure());
		} else if (kind == "method") {
			Description::Method method;
			method.takes = structure();
			expect("->");
			method.gives = structure();
			define(description.methods, name, line, std::move(method));
		} else {
			wrong(fmt::format("'{}' is none of type, method, error", kind), line);
		}
	}

	Type structure()
	{
		auto type = compound();
		if (good() && type.kind != Type::Kind::structure)
			wrong("fields must have types");
		return type;
	}

	/// "(a: int, b: ?string)" or "(one, two)".
	Type compound()
	{
		Type type;
		type.kind = Type::Kind::structure;
		std::set<std::string> seen;
		expect("(");
		while (good() && token_ != ")") {
			const std::string name(token_);
			if (!is_field_name(name))
				wrong("no name of a field");
			if (!seen.insert(name).second)
				wrong(fmt::format("{} is there twice", name), line_);
			advance();
			if (token_ == ":") {
				advance();
				type.fields.push_back({name, element()});
			} else {
				type.kind = Type::Kind::choice;
				type.words.push_back(name);
			}
			if (token_ != ")")
				expect(",");
		}
		if (!type.fields.empty() && !type.words.empty())
			wrong("some of these have types, and some not");
		expect(")");
		return type;
	}

	Type element()
	{
		static const std::map<std::string_view, Type::Kind> plain = {
			{"bool", Type::Kind::boolean},	{"int", Type::Kind::integer},
			{"float", Type::Kind::number},	{"string", Type::Kind::text},
			{"object", Type::Kind::object},
		};
		Type type;
		if (token_ == "?") {
			type.nullable = true;
			advance();
		}
		if (token_ == "[]") {
			advance();
			type.kind = Type::Kind::array;
			type.element = std::make_shared<Type>(element());
		} else if (token_ == "[") {
			advance();
			expect("string");
			expect("]");
			type.kind = Type::Kind::map;
			type.element = std::make_shared<Type>(element());
		} else if (token_ == "(") {
			const bool nullable = type.nullable;
			type = compound();
			type.nullable = nullable;
		} else if (const auto found = plain.find(token_); found != plain.end()) {
			type.kind = found->second;
			advance();
		} else if (is_member_name(token_)) {
			type.kind = Type::Kind::named;
			type.name = std::string(token_);
			used_.emplace(type.name, line_);
			advance();
		} else {
			wrong("no type");
			advance();
		}
		return type;
	}

	std::string_view text_;
	size_t at_ = 0;
	int line_ = 1;
	std::string_view token_;
	std::string mistake_;
	std::set<std::string> names_;
	std::map<std::string, int> used_;
};

} // namespace

Result<Description> parse_description(std::string_view text) { return Parser(text).parse(); }

} // namespace memhp::varlink
