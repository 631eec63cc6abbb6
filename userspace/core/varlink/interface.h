// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace memhp::varlink
{

/// A type of the Varlink interface language (varlink.org, "Interface Definition").
struct Type {
	enum class Kind {
		boolean,
		integer,   ///< 64 bits
		number,	   ///< "float"
		text,	   ///< "string"
		object,	   ///< "object": untyped
		structure, ///< of `fields`
		choice,	   ///< one of `words`
		named,	   ///< a type of the interface, `name`
		array,	   ///< of `element`
		map,	   ///< from text to `element`
	};
	struct Field;
	Kind kind = Kind::object;
	bool nullable = false;
	std::shared_ptr<const Type> element;
	std::vector<Field> fields;
	std::vector<std::string> words;
	std::string name;
};

struct Type::Field {
	std::string name;
	Type type;
};

/// An interface as its description has it.
struct Description {
	struct Method {
		Type takes;
		Type gives;
	};
	std::string name;
	std::map<std::string, Type> types;
	std::map<std::string, Method> methods;
	std::map<std::string, Type> errors;
};

/// Reads a description. Fails, with the line, on what the language does not have, on a name that is
/// given twice, and on a type that is used and not there.
Result<Description> parse_description(std::string_view text);

} // namespace memhp::varlink
