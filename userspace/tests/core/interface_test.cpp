// SPDX-License-Identifier: GPL-2.0-only
#include "core/varlink/interface.h"

#include <gtest/gtest.h>

namespace memhp::varlink
{
namespace
{

TEST(Interface, IsRead)
{
	const auto read = parse_description(R"(# a comment
interface io.test-2.x
type Color (red, dark_green) # another
type Thing (color: Color, sizes: []?int, by_name: [string](a: bool), rest: ?object)
method Get(what: string, exact: ?float) -> (thing: ?Thing)
method Ping() -> ()
error Broken (message: string))");
	ASSERT_TRUE(read) << read.error().message;
	EXPECT_EQ(read->name, "io.test-2.x");
	const auto &color = read->types.at("Color");
	EXPECT_EQ(color.kind, Type::Kind::choice);
	EXPECT_EQ(color.words, (std::vector<std::string>{"red", "dark_green"}));
	const auto &fields = read->types.at("Thing").fields;
	ASSERT_EQ(fields.size(), 4u);
	EXPECT_EQ(fields[0].type.kind, Type::Kind::named);
	EXPECT_EQ(fields[0].type.name, "Color");
	EXPECT_EQ(fields[1].type.kind, Type::Kind::array);
	EXPECT_EQ(fields[1].type.element->kind, Type::Kind::integer);
	EXPECT_TRUE(fields[1].type.element->nullable);
	EXPECT_EQ(fields[2].type.kind, Type::Kind::map);
	EXPECT_EQ(fields[2].type.element->kind, Type::Kind::structure);
	EXPECT_EQ(fields[3].type.kind, Type::Kind::object);
	EXPECT_TRUE(fields[3].type.nullable);
	const auto &get = read->methods.at("Get");
	EXPECT_EQ(get.takes.fields[0].type.kind, Type::Kind::text);
	EXPECT_EQ(get.takes.fields[1].type.kind, Type::Kind::number);
	EXPECT_TRUE(get.gives.fields[0].type.nullable);
	EXPECT_TRUE(read->methods.at("Ping").takes.fields.empty());
	EXPECT_EQ(read->errors.at("Broken").fields[0].name, "message");
}

TEST(Interface, MistakesAreNamedWithTheirLine)
{
	const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "line 1: expected 'interface', at ''"},
		{"interface test", "line 1: no name of an interface, at 'test'"},
		{"interface io..test", "line 1: no name of an interface, at 'io..test'"},
		{"interface io.-test", "line 1: no name of an interface, at 'io.-test'"},
		{"interface io.test-", "line 1: no name of an interface, at 'io.test-'"},
		{"interface io.t\nthing A ()", "line 2: 'thing' is none of type, method, error"},
		{"interface io.t\n\ntype a ()", "line 3: 'a' is no name"},
		{"interface io.t type A (b)\nmethod A() -> ()", "line 2: A is there twice"},
		{"interface io.t type A (b: int, b: int)", "line 1: b is there twice"},
		{"interface io.t type A (b: B)", "line 1: there is no type B"},
		{"interface io.t type A (b: int, c)",
		 "line 1: some of these have types, and some not"},
		{"interface io.t type A (b: number)", "line 1: no type, at 'number'"},
		{"interface io.t type A (b_: int)", "line 1: no name of a field, at 'b_'"},
		{"interface io.t type A (1b: int)", "line 1: no name of a field, at '1b'"},
		{"interface io.t type A (b: [int]bool)", "line 1: expected 'string', at 'int'"},
		{"interface io.t type A (b: int c: int)", "line 1: expected ',', at 'c'"},
		{"interface io.t type A (b: int", "line 1: expected ',', at ''"},
		{"interface io.t method A(b)->()", "line 1: fields must have types"},
		{"interface io.t method A() ()", "line 1: expected '->', at '('"},
		{"interface io.t error A", "line 1: expected '(', at ''"},
	};
	for (const auto &[text, message] : cases) {
		const auto read = parse_description(text);
		ASSERT_FALSE(read) << text;
		EXPECT_EQ(read.error().message.substr(0, std::string(message).size()), message)
			<< text;
	}
}

} // namespace
} // namespace memhp::varlink
