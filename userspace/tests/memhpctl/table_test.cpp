// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/table.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

Terminal terminal(size_t width)
{
	Terminal result;
	result.interactive = true;
	result.width = width;
	return result;
}

Table table()
{
	Table result({{"N", true},
		      {"BLOCKS", true, 6},
		      {"ZONE", false, 0, 2},
		      {"STAGE", false, 0, 3},
		      {"SOURCE", false, 0, 1},
		      {"WHY", false, 8}});
	result.add({"1", "32-35,40", "Movable", "", "boot", "a reason in words"});
	result.add({"12", "7", "Normal", "", "boot", ""});
	return result;
}

TEST(Table, IsAsWideAsItsCells)
{
	constexpr auto all = " N    BLOCKS  ZONE     STAGE  SOURCE  WHY\n"
			     " 1  32-35,40  Movable  -      boot    a reason in words\n"
			     "12         7  Normal   -      boot    -\n";
	EXPECT_EQ(table().text(), all);
	EXPECT_EQ(table().text(terminal(80)), all);
	EXPECT_EQ(table().text(Terminal()), all);
	Terminal pipe;
	pipe.width = 10;
	EXPECT_EQ(table().text(pipe), all) << "nobody looks at it";
	EXPECT_EQ(table().text(false).substr(0, 5), " 1  3");
}

TEST(Table, BreaksCellsFirst)
{
	EXPECT_EQ(table().text(terminal(50)), " N    BLOCKS  ZONE     STAGE  SOURCE  WHY\n"
					      " 1  32-35,40  Movable  -      boot    a reason in\n"
					      "                                      words\n"
					      "12         7  Normal   -      boot    -\n");
}

TEST(Table, ThenLeavesOutWhatIsEmptyThenWhatIsNamedFirst)
{
	EXPECT_EQ(table().text(terminal(43)), " N    BLOCKS  ZONE     SOURCE  WHY\n"
					      " 1  32-35,40  Movable  boot    a reason in\n"
					      "                               words\n"
					      "12         7  Normal   boot    -\n");
	EXPECT_EQ(table().text(terminal(29)), " N  BLOCKS  ZONE     WHY\n"
					      " 1  32-35,  Movable  a reason\n"
					      "        40           in words\n"
					      "12       7  Normal   -\n"
					      "(no room for SOURCE; --json has all)\n");
	EXPECT_EQ(table().text(terminal(10)), " N  BLOCKS  WHY\n"
					      " 1  32-35,  a reason\n"
					      "        40  in words\n"
					      "12       7  -\n"
					      "(no room for SOURCE, ZONE; --json has all)\n")
		<< "what cannot be left out stays";
}

} // namespace
} // namespace memhp
