// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/latency.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

Result<Latency> parsed(const std::string &line)
{
	const auto record = Record::parse(line);
	return record ? parse_latency(*record) : fail(record.error());
}

const std::string head = "op=offline result=ok ";

TEST(Latency, IsReadFromALineOfTheModule)
{
	const auto latency =
		parsed(head + "count=5 unmeasured=1 sum_us=100 max_us=40 from_0=0 "
			      "from_1=0 from_2=3 from_4=0 from_32=1 from_64=0 later=7");
	ASSERT_TRUE(latency) << latency.error().message;
	EXPECT_EQ(latency->operation, "offline");
	EXPECT_EQ(latency->result, "ok");
	EXPECT_EQ(latency->measured(), 4u);
	EXPECT_EQ(latency->sum_us, 100u);
	EXPECT_EQ(latency->buckets.size(), 6u);
	EXPECT_EQ(latency->buckets[4].to_us, 64u);
	EXPECT_EQ(latency->buckets[5].to_us, std::nullopt);
	const auto filled = latency->filled();
	ASSERT_EQ(filled.size(), 3u) << "the empty one in between too";
	EXPECT_EQ(filled[0].from_us, 2u);
	EXPECT_EQ(filled[2].count, 1u);
}

TEST(Latency, OfAnotherFormIsAFailure)
{
	for (const auto *line : {
		     "count=1 unmeasured=0 sum_us=1 max_us=1 from_0=1",
		     "op=offline result=ok unmeasured=0 sum_us=1 max_us=1 from_0=1",
		     "op=offline result=ok count=x unmeasured=0 sum_us=1 max_us=1 from_0=1",
		     "op=offline result=ok count=1 unmeasured=2 sum_us=1 max_us=1 from_0=1",
		     "op=offline result=ok count=1 unmeasured=0 sum_us=1 max_us=1 from_4=1 "
		     "from_2=0",
	     })
		EXPECT_FALSE(parsed(line)) << line;
}

TEST(Latency, TellsBelowWhatAShareWas)
{
	const auto latency = *parsed(head + "count=100 unmeasured=0 sum_us=1 max_us=900 from_0=0 "
					    "from_64=50 from_128=45 from_256=4 from_512=1");
	EXPECT_EQ(latency.below(0.5), 128u);
	EXPECT_EQ(latency.below(0.51), 256u);
	EXPECT_EQ(latency.below(0.95), 256u);
	EXPECT_EQ(latency.below(0.99), 512u);
	EXPECT_EQ(latency.below(1), 901u) << "the longest is known";
	EXPECT_EQ(parsed(head + "count=1 unmeasured=1 sum_us=0 max_us=0 from_0=0")->below(0.5),
		  std::nullopt);
}

TEST(Bar, IsInProportionAndNeverHidesWhatIsThere)
{
	EXPECT_EQ(bar(10, 10, 20).size(), 20u);
	EXPECT_EQ(bar(5, 10, 20).size(), 10u);
	EXPECT_EQ(bar(1, 1000, 20), "#");
	EXPECT_EQ(bar(0, 1000, 20), "");
	EXPECT_EQ(bar(20, 10, 20).size(), 20u);
	EXPECT_EQ(bar(0, 0, 20), "");
}

} // namespace
} // namespace memhp
