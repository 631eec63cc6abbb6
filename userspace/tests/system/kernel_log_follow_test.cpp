// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/kernel_log.h"

#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{
namespace
{

TEST(KernelLogFollowed, GivesEachRecordAndPassesOverNoise)
{
	int ends[2];
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	const Fd writer(ends[1]);
	const auto say = [&](const std::string &record) {
		ASSERT_EQ(send(writer.get(), record.data(), record.size(), 0),
			  static_cast<ssize_t>(record.size()));
	};

	Loop loop;
	std::vector<std::string> heard;
	KernelLog log(loop, Fd(ends[0]),
		      [&](const KernelMessage &message) { heard.push_back(message.text); });
	EXPECT_TRUE(play(loop, {{[] { return true; },
				 [&] {
					 say("4,1,1,-;one");
					 say("noise");
					 say("4,2,2,-;two\n DEVICE=+memory:memory1\n");
				 }},
				{[&] { return heard.size() == 2; }, [&] { say("4,3,3,-;three"); }},
				{[&] { return heard.size() == 3; }}}));
	EXPECT_EQ(heard, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(KernelLogFollowed, AMissingDeviceIsAFailure)
{
	const Tree tree;
	const Fd root(open(tree.root().c_str(), O_PATH));
	Loop loop;
	const auto log = KernelLog::open(loop, root.get(), "dev/kmsg", [](const auto &) {});
	ASSERT_FALSE(log);
	EXPECT_EQ(log.error().code, std::errc::no_such_file_or_directory);
}

} // namespace
} // namespace memhp
