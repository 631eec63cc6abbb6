// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/kmod.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tree.h"

namespace memhp
{
namespace
{

const std::string dir = "sys/kernel/debug/memhp/";

class KmodTree : public testing::Test
{
protected:
	KmodTree() : root(open(tree.root().c_str(), O_PATH | O_DIRECTORY)), kmod(root.get()) {}

	void load(const std::string &abi = "1\n") { tree.write(dir + "abi", abi); }

	Tree tree;
	Fd root;
	Kmod kmod;
};

TEST_F(KmodTree, AnAbsentModuleIsAFailureThatSaysSo)
{
	const auto ready = kmod.check();
	ASSERT_FALSE(ready);
	EXPECT_EQ(ready.error().code, std::errc::no_such_file_or_directory);
	EXPECT_NE(ready.error().message.find("modprobe memhp"), std::string::npos);
	EXPECT_FALSE(kmod.blocks());
	EXPECT_FALSE(kmod.nodes());
	EXPECT_FALSE(kmod.status());
	EXPECT_FALSE(kmod.open_events(Kmod::From::oldest));
	EXPECT_TRUE(kmod.early_blocks().empty());
	EXPECT_EQ(kmod.last_stage(1), "");
}

TEST_F(KmodTree, AnotherAbiCountsAsAbsentAndNamesBoth)
{
	for (const auto *abi : {"2", "0", "", "one", "1 2"}) {
		load(abi);
		tree.write(dir + "blocks", "block=1 early=1 stage=isolate\n");
		tree.write(dir + "status", "block_size=1\n");
		tree.write(dir + "events", "seq=1\n");
		const auto ready = kmod.check();
		ASSERT_FALSE(ready) << abi;
		EXPECT_NE(ready.error().message.find("ABI '" + std::string(abi) + "'"),
			  std::string::npos)
			<< ready.error().message;
		EXPECT_NE(ready.error().message.find("ABI 1"), std::string::npos);
		EXPECT_FALSE(kmod.blocks());
		EXPECT_FALSE(kmod.status());
		EXPECT_FALSE(kmod.open_events(Kmod::From::oldest));
		EXPECT_TRUE(kmod.early_blocks().empty());
		EXPECT_EQ(kmod.last_stage(1), "");
	}
}

TEST_F(KmodTree, ReadsBlocksAndNodes)
{
	load();
	tree.write(dir + "blocks", "block=0 state=online early=1 stage=- new_key=7\n"
				   "block=40 state=offline early=0 stage=isolate err=16\n"
				   "block=41 state=offline early=- stage=-\n");
	tree.write(dir + "nodes", "node=0 online=1\n");
	ASSERT_TRUE(kmod.check());
	const auto blocks = kmod.blocks();
	ASSERT_TRUE(blocks) << blocks.error().message;
	ASSERT_EQ(blocks->size(), 3u);
	EXPECT_EQ((*blocks)[1].text("state"), "offline");
	EXPECT_EQ(kmod.nodes()->size(), 1u);
	EXPECT_EQ(kmod.last_stage(40), "isolate");
	EXPECT_EQ(kmod.last_stage(0), "");
	EXPECT_EQ(kmod.last_stage(7), "");
	EXPECT_EQ(kmod.early_blocks(), (std::map<uint64_t, bool>{{0, true}, {40, false}}))
		<< "of block 41 it is not known";
}

TEST_F(KmodTree, StatusIsOneRecord)
{
	load();
	tree.write(dir + "status", "block_size=134217728\nseq=17\nuntracked=0\n");
	const auto status = kmod.status();
	ASSERT_TRUE(status) << status.error().message;
	EXPECT_EQ(status->number("block_size"), 134217728u);
	EXPECT_EQ(status->number("seq"), 17u);
}

TEST_F(KmodTree, AGarbageRecordIsAFailure)
{
	load();
	for (const auto *text : {"block=1\ngarbage\n", "block=1 comm=\\x1", "=\n"}) {
		tree.write(dir + "blocks", text);
		EXPECT_FALSE(kmod.blocks()) << text;
		EXPECT_TRUE(kmod.early_blocks().empty());
		EXPECT_EQ(kmod.last_stage(1), "");
	}
	tree.write(dir + "status", "garbage\n");
	EXPECT_FALSE(kmod.status());
}

TEST_F(KmodTree, ARecordedStreamYieldsOneRecordARead)
{
	load();
	std::string lines;
	for (int seq = 1; seq <= 40; ++seq)
		lines += "seq=" + std::to_string(seq) + " event=online comm=some\\x20task\n";
	tree.write(dir + "events", lines);
	const auto events = kmod.open_events(Kmod::From::oldest);
	ASSERT_TRUE(events) << events.error().message;
	for (uint64_t seq = 1; seq <= 40; ++seq) {
		const auto record = Kmod::read_event(events->get());
		ASSERT_TRUE(record) << record.error().message;
		ASSERT_TRUE(*record) << seq;
		EXPECT_EQ((*record)->number("seq"), seq);
		EXPECT_EQ((*record)->text("comm"), "some task");
	}
	const auto end = Kmod::read_event(events->get());
	ASSERT_TRUE(end);
	EXPECT_FALSE(*end);
}

TEST_F(KmodTree, AStreamMayBeginWithTheNextRecord)
{
	load();
	tree.write(dir + "events", "seq=1 event=online\n");
	const auto events = kmod.open_events(Kmod::From::next);
	ASSERT_TRUE(events);
	const auto record = Kmod::read_event(events->get());
	ASSERT_TRUE(record);
	EXPECT_FALSE(*record);
}

TEST_F(KmodTree, ALiveStreamWithoutARecordAnswersAtOnce)
{
	load();
	tree.make_fifo(dir + "events");
	const Fd writer(open(tree.path(dir + "events").c_str(), O_RDWR | O_NONBLOCK));
	const auto events = kmod.open_events(Kmod::From::oldest);
	ASSERT_TRUE(events);
	const auto none = Kmod::read_event(events->get());
	ASSERT_TRUE(none);
	EXPECT_FALSE(*none);
	const std::string line = "event=lost count=3\n";
	ASSERT_EQ(write(writer.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
	const auto record = Kmod::read_event(events->get());
	ASSERT_TRUE(record && *record);
	EXPECT_EQ((*record)->number("count"), 3u);
}

TEST_F(KmodTree, AGarbageEventIsAFailure)
{
	load();
	tree.write(dir + "events", "garbage\n");
	const auto events = kmod.open_events(Kmod::From::oldest);
	ASSERT_TRUE(events);
	EXPECT_FALSE(Kmod::read_event(events->get()));
}

} // namespace
} // namespace memhp
