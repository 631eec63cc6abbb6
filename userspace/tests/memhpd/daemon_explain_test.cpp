// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "daemon_fixture.h"

namespace memhp
{
namespace
{

TEST_F(DaemonOfTree, ExplainsABlock)
{
	const auto pages = (uint64_t{1} << 27) / static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
	tree.set_page_flags(8, 0, std::vector<uint64_t>(pages, uint64_t{1} << 10));
	tree.set_page_flags(8, 3, {uint64_t{1} << 32});
	start();
	const auto answer = call("Explain", {{"target", {"8"}}});
	if (geteuid() != 0) {
		EXPECT_FALSE(answer) << "page frame numbers are for root";
		return;
	}
	ASSERT_TRUE(answer) << answer.error().message;
	const auto block = answer->at("explanation").at("blocks").at(0);
	EXPECT_EQ(block.at("block"), 8);
	EXPECT_EQ(block.at("verdict"), "cannot_go");
	EXPECT_EQ(block.at("cause"), "reserved");

	const std::pair<json, const char *> mistakes[] = {
		{json(3), "the parameter target"},
		{json::array({8}), "the parameter target[0]"},
		{json(), "the parameter target"},
		{json::array({"lunch"}), "'lunch' is not a target"},
		{json::array({"4G"}), "takes no size"},
	};
	for (const auto &[target, message] : mistakes) {
		const auto bad = call("Explain", {{"target", target}});
		ASSERT_FALSE(bad) << target;
		EXPECT_NE(bad.error().message.find(message), std::string::npos)
			<< bad.error().message;
	}
	EXPECT_FALSE(call("Explain"));
	stop();
}

} // namespace
} // namespace memhp
