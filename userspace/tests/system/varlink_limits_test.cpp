// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <unistd.h>

#include "varlink_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

TEST_F(ServerOfTree, GarbageCostsTheConnectionAndNothingElse)
{
	const std::string garbage[] = {
		"lunch",
		"",
		"[]",
		"7",
		"{}",
		R"({"method":7})",
		R"({"method":"io.test.Echo","parameters":[]})",
		R"({"method":"io.test.Echo"} x)",
		R"({"method":"io.test.Echo","more":1})",
		R"({"method":"io.test.Echo","oneway":null})",
		"{\"method\":\"\xff\xfe\"}",
		std::string("\x01\x02\x03", 3),
	};
	RawClient good(path);
	std::deque<RawClient> bad;
	std::vector<Scene> scenes;
	for (const auto &bytes : garbage) {
		bad.emplace_back(path).send(bytes + '\0');
		scenes.push_back(closed(bad.back()));
	}
	scenes.push_back({[] { return true; }, [&] { good.call(echo(2)); }});
	scenes.push_back(answers(good, 1));
	ASSERT_TRUE(play(loop, scenes));
	EXPECT_EQ(good.answers[0]["parameters"]["number"], 2);
	EXPECT_EQ(server->clients().connections(), 1u);
	for (const auto &client : bad) {
		ASSERT_EQ(client.answers.size(), 1u) << "it is told why";
		EXPECT_EQ(client.answers[0]["error"], "io.test.InvalidMessage");
	}
}

/// nlohmann::json copies and prints recursively: the stack would end before the message does.
TEST_F(ServerOfTree, ADeeplyNestedMessageCostsTheConnection)
{
	const std::string open(400'000, '[');
	const std::string close(400'000, ']');
	RawClient client(path);
	client.send(R"({"method":"org.varlink.service.GetInterfaceDescription",)"
		    R"("parameters":{"interface":)" +
		    open + close + "}}" + '\0');
	ASSERT_TRUE(play(loop, {closed(client)}));
	ASSERT_EQ(client.answers.size(), 1u);
	EXPECT_EQ(client.answers[0]["error"], "io.test.InvalidMessage");
}

TEST_F(ServerOfTree, HalfAMessageIsNoCall)
{
	RawClient client(path);
	client.send(R"({"method":"io.test.Keep")");
	RawClient other(path);
	other.call(echo(5));
	ASSERT_TRUE(play(loop, {answers(other, 1, [&] { client.hang_up(); }),
				{[&] { return server->clients().connections() == 1; }}}));
	EXPECT_TRUE(kept.empty());
}

TEST_F(ServerOfTree, AMessageOverTheLimitCostsTheConnection)
{
	auto message = echo(6);
	message["parameters"]["padding"] = "";
	const auto rest = varlink::max_message - message.dump().size();
	message["parameters"]["padding"] = std::string(rest, 'x');
	RawClient fitting(path);
	fitting.call(message);
	message["parameters"]["padding"] = std::string(rest + 1, 'x');
	RawClient client(path);
	client.call(message);
	RawClient endless(path);
	endless.send(std::string(3 * varlink::max_message, 'x'));
	ASSERT_TRUE(play(loop, {closed(client), closed(endless), answers(fitting, 1)}));
	EXPECT_EQ(fitting.answers[0]["parameters"]["number"], 6);
	for (const auto *refused : {&client, &endless}) {
		ASSERT_EQ(refused->answers.size(), 1u);
		EXPECT_EQ(refused->answers[0]["error"], "io.test.InvalidMessage");
		EXPECT_EQ(refused->answers[0]["parameters"]["message"],
			  "a message may have at most 1048576 bytes");
	}
}

/// What is measured are bytes: those that wait in the server.
TEST_F(ServerOfTree, AClientThatDoesNotReadIsDroppedAtTheLimit)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}, {"more", true}});
	const std::string padding(10'000, 'x');
	bool gone = false;
	size_t most = 0;
	ASSERT_TRUE(play(loop, {held(1,
				     [&] {
					     kept[0]->on_gone([&] { gone = true; });
					     for (int i = 0; i < 1000; ++i) {
						     kept[0]->progress({{"padding", padding}});
						     most = std::max(most,
								     server->clients().queued());
					     }
					     EXPECT_FALSE(gone) << "not from inside progress()";
				     }),
				{[&] { return server->clients().connections() == 0; }}}));
	EXPECT_TRUE(gone);
	EXPECT_GT(most, varlink::max_message);
	EXPECT_LT(most, varlink::max_message + 2 * padding.size());
	EXPECT_EQ(server->clients().queued(), 0u);
}

/// Pipelined calls whose answers nobody takes wait in the kernel, and not here.
TEST_F(ServerOfTree, AnswersNoFurtherCallWhileAnAnswerWaits)
{
	RawClient client(path);
	for (int i = 0; i < 100; ++i)
		client.call({{"method", "io.test.Large"}});
	RawClient other(path);
	size_t most = 0;
	int turns = 0;
	ASSERT_TRUE(play(loop, {{[&] {
					 most = std::max(most, server->clients().queued());
					 return ++turns == 200;
				 },
				 [&] { other.call(echo(13)); }},
				answers(other, 1),
				answers(client, 100)}));
	EXPECT_GT(most, 0u);
	EXPECT_LT(most, 2 * large) << "one answer";
}

TEST_F(ServerOfTree, RefusesClientsBeyondItsLimits)
{
	serve({4, 4, 4, 1 << 20});
	std::deque<RawClient> clients;
	for (int i = 0; i < 4; ++i)
		clients.emplace_back(path);
	RawClient one_more(path);
	one_more.call(echo(14));
	ASSERT_TRUE(play(loop, {closed(one_more, [&] { clients.front().hang_up(); }),
				{[&] { return server->clients().connections() == 3; },
				 [&] {
					 clients.emplace_back(path);
					 clients.back().call(echo(15));
				 }},
				{[&] { return clients.back().has(1); }}}));
	ASSERT_EQ(one_more.answers.size(), 1u);
	EXPECT_EQ(one_more.answers[0]["error"], "io.test.TooManyClients");
	EXPECT_EQ(clients.back().answers[0]["parameters"]["number"], 15);
}

TEST_F(ServerOfTree, TwoHundredIdleClientsKeepNobodyElseOut)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root can be many users";
	std::deque<RawClient> idle;
	for (int i = 0; i < 200; ++i)
		idle.emplace_back(path, 1000).send("{\"method\":");
	RawClient root(path);
	RawClient other(path, 1001);
	root.call(echo(16));
	other.call(echo(17));
	ASSERT_TRUE(play(loop, {answers(root, 1), answers(other, 1)}));
	EXPECT_EQ(server->clients().connections(), ClientLimits().per_user + 2);
	size_t refused = 0;
	for (auto &client : idle)
		refused += client.has(1);
	EXPECT_EQ(refused, 200 - ClientLimits().per_user);
}

TEST_F(ServerOfTree, OneUsersHalfMessagesAreBounded)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root can be many users";
	std::deque<RawClient> clients;
	constexpr size_t half = 200'000;
	for (int i = 0; i < 50; ++i)
		clients.emplace_back(path, 1000).send(std::string(half, 'x'));
	size_t most = 0;
	size_t dropped = 0;
	RawClient other(path, 1001);
	ASSERT_TRUE(play(loop, {{[&] {
					 most = std::max(most, server->clients().queued());
					 dropped = 0;
					 for (auto &client : clients)
						 dropped += client.closed();
					 return server->clients().queued() ==
						(clients.size() - dropped) * half;
				 },
				 [&] { other.call(echo(18)); }},
				answers(other, 1)}));
	EXPECT_GE(dropped, 30u);
	EXPECT_GT(most, ClientLimits().queued * 9 / 10);
	EXPECT_LT(most, ClientLimits().queued + 64 * 1024);
}

} // namespace
} // namespace memhp
