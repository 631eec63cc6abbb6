// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "core/explain/explain.h"

namespace memhp
{
namespace
{

TEST(ExplainFacts, AFailureCountsUntilTheNextSuccess)
{
	const auto parse = [](const std::string &text) {
		return last_failure(*Record::parse(text), std::chrono::seconds(10));
	};
	const auto found = parse("block=40 state=online changed_ns=6000000000 comm=sh work=- "
				 "failed_ns=7000000000 stage=isolate err=16");
	ASSERT_TRUE(found);
	EXPECT_TRUE(found->offline);
	EXPECT_EQ(found->error, 16);
	EXPECT_EQ(found->stage, "isolate");
	EXPECT_EQ(found->ago, std::chrono::seconds(3));
	EXPECT_EQ(found->by, "sh");
	EXPECT_EQ(last_failure(*Record::parse("block=40 state=online changed_ns=6 failed_ns=7 "
					      "stage=isolate err=16"),
			       std::nullopt)
			  ->ago,
		  std::nullopt);
	EXPECT_FALSE(parse("block=40 state=online changed_ns=8 failed_ns=7 stage=isolate err=16"));
	EXPECT_FALSE(parse("block=40 state=online changed_ns=8 failed_ns=- stage=- err=-"));
	EXPECT_FALSE(parse("block=40 state=offline changed_ns=6 failed_ns=7 stage=check err=22")
			     ->offline);
}

} // namespace
} // namespace memhp
