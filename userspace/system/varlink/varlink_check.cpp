// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink/varlink_check.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace memhp::varlink
{

using nlohmann::json;

namespace
{

/// Signed numbers of 64 bits.
bool fits(const json &value)
{
	return value.is_number_integer() &&
	       (!value.is_number_unsigned() ||
		value.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()});
}

class Check
{
public:
	explicit Check(const Description &description) : description_(description) {}

	/// The way to what is wrong; nothing where all is right.
	std::optional<std::string> operator()(const Type &type, const json &value) const
	{
		if (value.is_null() && type.nullable)
			return std::nullopt;
		switch (type.kind) {
		case Type::Kind::boolean:
			return wrong_unless(value.is_boolean());
		case Type::Kind::integer:
			return wrong_unless(fits(value));
		case Type::Kind::number:
			return wrong_unless(value.is_number());
		case Type::Kind::text:
			return wrong_unless(value.is_string());
		case Type::Kind::object:
			return wrong_unless(value.is_object());
		case Type::Kind::choice:
			return wrong_unless(value.is_string() &&
					    std::find(type.words.begin(), type.words.end(),
						      value.get_ref<const std::string &>()) !=
						    type.words.end());
		case Type::Kind::named:
			return (*this)(description_.types.at(type.name), value);
		case Type::Kind::array:
			return array(*type.element, value);
		case Type::Kind::map:
			return map(*type.element, value);
		case Type::Kind::structure:
			break;
		}
		return structure(type, value);
	}

private:
	static std::optional<std::string> wrong_unless(bool right)
	{
		return right ? std::nullopt : std::optional<std::string>("");
	}

	std::optional<std::string> array(const Type &element, const json &value) const
	{
		if (!value.is_array())
			return "";
		for (size_t i = 0; i < value.size(); ++i)
			if (const auto wrong = (*this)(element, value[i]))
				return fmt::format("[{}]{}", i, *wrong);
		return std::nullopt;
	}

	std::optional<std::string> map(const Type &element, const json &value) const
	{
		if (!value.is_object())
			return "";
		for (const auto &[key, item] : value.items())
			if (const auto wrong = (*this)(element, item))
				return fmt::format(".{}{}", key, *wrong);
		return std::nullopt;
	}

	std::optional<std::string> structure(const Type &type, const json &value) const
	{
		if (!value.is_object())
			return "";
		for (const auto &[name, field] : type.fields) {
			const auto found = value.find(name);
			if (found == value.end() && field.nullable)
				continue;
			if (found == value.end())
				return '.' + name;
			if (const auto wrong = (*this)(field, *found))
				return fmt::format(".{}{}", name, *wrong);
		}
		for (const auto &[key, item] : value.items())
			if (std::none_of(
				    type.fields.begin(), type.fields.end(),
				    [&key = key](const auto &field) { return field.name == key; }))
				return '.' + key;
		return std::nullopt;
	}

	const Description &description_;
};

} // namespace

std::string mismatch(const Description &description, const Type &type, const json &value)
{
	const auto wrong = Check(description)(type, value);
	if (!wrong)
		return {};
	if (wrong->empty())
		return ".";
	return wrong->front() == '.' ? wrong->substr(1) : *wrong;
}

} // namespace memhp::varlink
