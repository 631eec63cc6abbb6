// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/event.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Record, KeepsTheFieldsInTheOrderOfTheLine)
{
	const auto record =
		Record::parse("seq=12 event=online block=40 addr=0x140000000 zone=Movable\n");
	ASSERT_TRUE(record) << record.error().message;
	ASSERT_EQ(record->fields().size(), 5u);
	EXPECT_EQ(record->fields()[0], (std::pair<std::string, std::string>("seq", "12")));
	EXPECT_EQ(record->fields()[4].first, "zone");
	EXPECT_EQ(record->number("seq"), 12u);
	EXPECT_EQ(record->number("addr"), 0x140000000u);
	EXPECT_EQ(record->text("event"), "online");
}

TEST(Record, TellsAnUnknownValueFromAMissingKey)
{
	const auto record = Record::parse("nid=- zone=Normal comm=");
	ASSERT_TRUE(record);
	EXPECT_EQ(record->text("nid"), std::nullopt);
	EXPECT_EQ(record->number("nid"), std::nullopt);
	EXPECT_EQ(record->text("block"), std::nullopt);
	EXPECT_EQ(record->text("comm"), "");
	EXPECT_EQ(record->number("comm"), std::nullopt);
	EXPECT_EQ(record->number("zone"), std::nullopt);
}

TEST(Record, ReadsNumbersWholeOrNotAtAll)
{
	const auto record =
		Record::parse("a=12x b=-1 c=0x d=0xfg e=18446744073709551616 f=0xff g=010");
	ASSERT_TRUE(record);
	for (const auto *key : {"a", "b", "c", "d", "e"})
		EXPECT_EQ(record->number(key), std::nullopt) << key;
	EXPECT_EQ(record->number("f"), 255u);
	EXPECT_EQ(record->number("g"), 10u);
}

TEST(Record, UndoesEscapes)
{
	const auto record = Record::parse(R"(comm=my\x20task\x5c work=\xff\x0a end=\x41)");
	ASSERT_TRUE(record) << record.error().message;
	EXPECT_EQ(record->text("comm"), "my task\\");
	EXPECT_EQ(record->text("work"), "\xff\n");
	EXPECT_EQ(record->text("end"), "A");
}

TEST(Record, AValueMayHoldAnEqualsSign)
{
	const auto record = Record::parse("comm=a=b");
	ASSERT_TRUE(record);
	EXPECT_EQ(record->text("comm"), "a=b");
}

TEST(Record, RefusesGarbage)
{
	const char *lines[] = {
		"",	   "\n",	"   ",		"garbage",   "seq=1 garbage",
		"=1",	   "seq=1 =",	R"(a=\)",	R"(a=\x)",   R"(a=\x4)",
		R"(a=\n)", R"(a=\xg0)", R"(a=\x4 b=1)", R"(a=\x-1)", R"(a=\u0041)",
	};
	for (const auto *line : lines)
		EXPECT_FALSE(Record::parse(line)) << "'" << line << "'";
	EXPECT_FALSE(Record::parse(std::string_view("\0\0\0\0", 4)));
}

TEST(Record, FailureNamesTheOffendingField)
{
	const auto record = Record::parse("seq=1 nonsense zone=Normal");
	ASSERT_FALSE(record);
	EXPECT_NE(record.error().message.find("'nonsense'"), std::string::npos);
}

} // namespace
} // namespace memhp
