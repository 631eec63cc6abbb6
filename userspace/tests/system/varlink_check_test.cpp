// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink/varlink_check.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace memhp::varlink
{
namespace
{

using nlohmann::json;

TEST(VarlinkCheck, SaysWhereAValueIsNotOfItsType)
{
	const auto description = parse_description(R"(interface io.test
type Color (red, green)
type Thing (color: Color, list: []int, map: [string]bool, may: ?string, rest: ?object, number: ?float))");
	ASSERT_TRUE(description) << description.error().message;
	const struct {
		const char *value;
		const char *wrong;
	} cases[] = {
		{R"({"color":"red","list":[1,-2],"map":{"a":true}})", ""},
		{R"({"color":"red","list":[],"map":{},"may":null,"rest":{"a":[]},"number":1.5})",
		 ""},
		{R"({"color":"red","list":[],"map":{},"may":"x","number":1})", ""},
		{R"([])", "."},
		{R"({"list":[],"map":{}})", "color"},
		{R"({"color":"blue","list":[],"map":{}})", "color"},
		{R"({"color":1,"list":[],"map":{}})", "color"},
		{R"({"color":"red","list":{},"map":{}})", "list"},
		{R"({"color":"red","list":[1,"2"],"map":{}})", "list[1]"},
		{R"({"color":"red","list":[1.0],"map":{}})", "list[0]"},
		{R"({"color":"red","list":[null],"map":{}})", "list[0]"},
		{R"({"color":"red","list":[9223372036854775807],"map":{}})", ""},
		{R"({"color":"red","list":[9223372036854775808],"map":{}})", "list[0]"},
		{R"({"color":"red","list":[],"map":[]})", "map"},
		{R"({"color":"red","list":[],"map":{"a":true,"b":1}})", "map.b"},
		{R"({"color":"red","list":[],"map":{},"may":1})", "may"},
		{R"({"color":"red","list":[],"map":{},"rest":[]})", "rest"},
		{R"({"color":"red","list":[],"map":{},"number":"1"})", "number"},
		{R"({"color":"red","list":[],"map":{},"lunch":1})", "lunch"},
	};
	for (const auto &[value, wrong] : cases)
		EXPECT_EQ(
			mismatch(*description, description->types.at("Thing"), json::parse(value)),
			wrong)
			<< value;
}

} // namespace
} // namespace memhp::varlink
