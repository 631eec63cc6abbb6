// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/refusals.h"

#include <gtest/gtest.h>

#include "blocks.h"

namespace memhp
{
namespace
{

TEST(Refusals, TellAPersonWhatToAddAndTheFirmwareNothingOfTheSort)
{
	auto hosted = online_block(8);
	hosted.source = Source::virtio_mem;
	auto ballooned = online_block(9);
	ballooned.source = Source::xen_balloon;
	const auto texts = [&](Asker asker) {
		return std::vector<std::string>{poisoned({32, 33}, asker),
						claimed(1, "cpuset /db", asker),
						left_to_host({hosted, ballooned}, asker)};
	};
	const auto person = texts(Asker::person);
	const auto firmware = texts(Asker::firmware);
	const char *const facts[] = {"blocks 32-33 have broken (poisoned) memory",
				     "node 1 would be left without memory, and it is named by "
				     "cpuset /db",
				     "blocks 8 belong to a virtio-mem device"};
	for (size_t i = 0; i < person.size(); ++i) {
		EXPECT_NE(person[i].find(facts[i]), std::string::npos) << person[i];
		EXPECT_NE(person[i].find("--"), std::string::npos) << person[i];
		EXPECT_NE(firmware[i].find(facts[i]), std::string::npos) << firmware[i];
		EXPECT_EQ(firmware[i].find("--"), std::string::npos) << firmware[i];
	}
	EXPECT_NE(person[2].find("; blocks 9 belong to the balloon of Xen"), std::string::npos);
}

} // namespace
} // namespace memhp
