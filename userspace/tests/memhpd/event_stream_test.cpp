// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/event_stream.h"

#include <fcntl.h>

#include "varlink_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

/// A stream behind a server, with or without a module, and what its clients are told.
class EventsOfTree : public testing::Test
{
protected:
	EventsOfTree()
	{
		auto socket = varlink::listen_at(path, 0600);
		EXPECT_TRUE(socket);
		server.emplace(loop, std::move(*socket),
			       varlink::Interface{"interface io.memhp method Events() -> ()",
						  {{"Events", {[this](const auto &call) {
							    stream.follow(call);
						    }}}}});
	}

	/// The module, with records beyond its history. In a plain file a position is a byte's and
	/// not a record's: the history is as many blanks as it should have records.
	void module(const std::string &events, int history = 0)
	{
		tree.write(dir + "abi", "1\n");
		tree.write(dir + "events",
			   std::string(static_cast<size_t>(history) + 1, ' ') + events);
		tree.write(dir + "status", "seq=" + std::to_string(history) + "\n");
	}

	static std::string record(int seq, const std::string &event, uint64_t boot_ns)
	{
		return "seq=" + std::to_string(seq) + " boot_ns=" + std::to_string(boot_ns) +
		       " event=" + event + " block=8 err=- stage=- comm=a\\x20b\n";
	}

	static void follow(RawClient &client)
	{
		client.call({{"method", "io.memhp.Events"}, {"more", true}});
	}

	/// What the client was told, by name, and of lost ones how many.
	static std::string told(const RawClient &client)
	{
		std::string text;
		for (const auto &answer : client.answers) {
			const auto &event = answer["parameters"]["event"];
			text += (text.empty() ? "" : " ") + event["event"].get<std::string>();
			if (event.contains("count"))
				text += ":" + event["count"].dump();
			if (event.contains("source"))
				text += ":" + event["source"].get<std::string>();
		}
		return text;
	}

	Scene has(
		RawClient &client, size_t count, std::function<void()> then = [] {})
	{
		return {[&client, count] { return client.has(count); }, std::move(then)};
	}

	const std::string dir = "sys/kernel/debug/memhp/";
	Tree tree;
	std::string path = tree.path("socket");
	Fd root{open(tree.root().c_str(), O_PATH)};
	Kmod kmod{root.get()};
	Loop loop;
	EventStream stream{loop, kmod, true};
	std::optional<varlink::Server> server;
};

TEST_F(EventsOfTree, WithoutTheModuleAreWhatTheKernelAnnouncesAndOwnFailures)
{
	RawClient client(path);
	follow(client);
	const auto happens = [&] {
		Attempted attempted;
		attempted.block = 9;
		attempted.zone = Zone::movable;
		attempted.outcome.error = EBUSY;
		stream.attempted(Change::offline, attempted);
		attempted.outcome.killed = true;
		stream.attempted(Change::online, attempted);
		attempted.outcome = {};
		attempted.outcome.reached = true;
		stream.attempted(Change::offline, attempted); // announced as well
		for (const auto action :
		     {Uevent::Action::add, Uevent::Action::online, Uevent::Action::offline,
		      Uevent::Action::remove, Uevent::Action::other})
			stream.on_uevent({action, 9});
		stream.on_lost();
	};
	ASSERT_TRUE(play(loop, {has(client, 1, happens), has(client, 8)}));
	EXPECT_EQ(told(client), "source:uevents offline_failed online_failed add online offline "
				"remove lost");
	const auto &failed = client.answers[1]["parameters"]["event"];
	EXPECT_EQ(failed["err"], EBUSY);
	EXPECT_EQ(failed["block"], 9);
	EXPECT_EQ(failed["zone"], "Movable");
	EXPECT_EQ(client.answers[2]["parameters"]["event"]["err"], EINTR);
}

TEST_F(EventsOfTree, WithTheModuleAreItsRecordsAndWhatComesAndGoes)
{
	module("");
	RawClient client(path);
	follow(client);
	const auto happens = [&] {
		Attempted attempted;
		attempted.outcome.error = EBUSY;
		stream.attempted(Change::offline, attempted);
		stream.on_uevent({Uevent::Action::remove, 8});
		stream.on_uevent({Uevent::Action::offline, 8});
		module(record(1, "going_offline", 1) + record(2, "offline", 2));
	};
	ASSERT_TRUE(play(loop, {has(client, 1, happens), has(client, 4)}));
	EXPECT_EQ(told(client), "source:module going_offline offline remove")
		<< "in the order of their times, and none twice";
	const auto &record = client.answers[1]["parameters"]["event"];
	EXPECT_EQ(record["seq"], 1);
	EXPECT_EQ(record["comm"], "a b");
	EXPECT_FALSE(record.contains("err"));
	EXPECT_FALSE(record.contains("stage"));
}

TEST_F(EventsOfTree, SayWhenTheModuleComesAndGoes)
{
	RawClient client(path);
	follow(client);
	ASSERT_TRUE(play(loop, {has(client, 1,
				    [&] {
					    module(record(1, "going_online", 1));
					    stream.on_uevent({Uevent::Action::other, 8});
					    stream.on_uevent({Uevent::Action::add, 8});
				    }),
				has(client, 4,
				    [&] {
					    tree.remove(dir + "abi");
					    stream.on_uevent({Uevent::Action::online, 8});
				    }),
				has(client, 5,
				    [&] {
					    stream.on_uevent({Uevent::Action::offline, 8});
				    }),
				has(client, 6)}));
	EXPECT_EQ(told(client),
		  "source:uevents going_online add source:module source:uevents offline");
}

TEST_F(EventsOfTree, OneWhoFallsBehindIsToldHowMuchItMissed)
{
	RawClient slow(path);
	RawClient quick(path);
	follow(slow);
	follow(quick);
	constexpr uint64_t many = 10'000;
	uint64_t sent = 0;
	size_t most = 0;
	// The slow one reads only when all has happened.
	const auto storm = [&] {
		for (int i = 0; i < 100 && sent < many; ++i, ++sent)
			stream.on_uevent({Uevent::Action::add, sent});
		most = std::max(most, server->clients().queued());
		quick.has(0);
		return sent == many;
	};
	ASSERT_TRUE(play(loop, {{[&] { return stream.followers() == 2; }},
				{storm},
				has(quick, many + 1, [&] { slow.has(0); }),
				{[&] {
					 slow.has(0);
					 return !slow.answers.empty() &&
						slow.answers.back()["parameters"]["event"].value(
							"block", uint64_t{0}) == many - 1;
				 },
				 [&] { quick.hang_up(); }},
				{[&] { return stream.followers() == 1; }}}));
	EXPECT_EQ(told(quick).find("lost"), std::string::npos);
	uint64_t events = 0;
	uint64_t missed = 0;
	for (const auto &answer : slow.answers) {
		const auto &event = answer["parameters"]["event"];
		events += event["event"] == "add";
		missed += event.value("count", uint64_t{0});
	}
	EXPECT_GT(missed, 0u);
	EXPECT_EQ(events + missed, many) << "none is lost in silence";
	EXPECT_LT(most, 64u * 1024) << "bytes that wait: it is the backlog that has them, once";
}

TEST_F(EventsOfTree, NothingIsKeptWhileNobodyListens)
{
	module("", 5);
	stream.on_uevent({Uevent::Action::add, 7});
	RawClient client(path);
	follow(client);
	ASSERT_TRUE(play(loop, {has(client, 1,
				    [&] {
					    stream.on_uevent({Uevent::Action::add, 8});
				    }),
				has(client, 2, [&] { client.hang_up(); }),
				{[&] { return stream.followers() == 0; }}}));
	EXPECT_EQ(told(client), "source:module add");
	EXPECT_EQ(client.answers[1]["parameters"]["event"]["block"], 8);
}

TEST(EventOfRecord, HasWhatTheInterfaceDeclaresAndNoMore)
{
	const auto record = Record::parse("event=offline_failed block=15 addr=0x78000000 err=22 "
					  "stage=check pid=- work=- later=1 comm=\\xff");
	ASSERT_TRUE(record);
	const auto event = event_of(*record);
	EXPECT_EQ(event["addr"], "0x78000000");
	EXPECT_EQ(event["err"], 22);
	for (const auto *key : {"pid", "work", "later"})
		EXPECT_FALSE(event.contains(key)) << key;
}

} // namespace
} // namespace memhp
