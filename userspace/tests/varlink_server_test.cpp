// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "varlink_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

TEST_F(ServerOfTree, IntroducesItself)
{
	RawClient client(path);
	client.call({{"method", "org.varlink.service.GetInfo"}});
	const auto describe = [&](const json &name) {
		client.call({{"method", "org.varlink.service.GetInterfaceDescription"},
			     {"parameters", {{"interface", name}}}});
	};
	describe("io.test");
	describe("org.varlink.service");
	describe("io.unknown");
	describe(7);
	ASSERT_TRUE(play(loop, {answers(client, 5)}));
	const auto &info = client.answers[0]["parameters"];
	EXPECT_EQ(info["interfaces"], json({"org.varlink.service", "io.test"}));
	for (const auto *key : {"vendor", "product", "version", "url"})
		EXPECT_TRUE(info[key].is_string()) << key;
	EXPECT_EQ(client.answers[1]["parameters"]["description"], "interface io.test");
	EXPECT_NE(client.answers[2]["parameters"]["description"].get<std::string>().find("GetInfo"),
		  std::string::npos);
	EXPECT_EQ(client.answers[3]["error"], "org.varlink.service.InterfaceNotFound");
	EXPECT_EQ(client.answers[4]["error"], "org.varlink.service.InterfaceNotFound");
}

TEST_F(ServerOfTree, UnknownMethodsAreErrorsThatLeaveTheConnectionOpen)
{
	const struct {
		const char *method;
		const char *error;
	} cases[] = {
		{"io.test.Lunch", "org.varlink.service.MethodNotFound"},
		{"io.test.", "org.varlink.service.MethodNotFound"},
		{"io.other.Echo", "org.varlink.service.InterfaceNotFound"},
		{"Echo", "org.varlink.service.InterfaceNotFound"},
		{"", "org.varlink.service.InterfaceNotFound"},
		{"org.varlink.service.Lunch", "org.varlink.service.InterfaceNotFound"},
	};
	RawClient client(path);
	for (const auto &[method, error] : cases)
		client.call({{"method", method}});
	client.call(echo(1));
	ASSERT_TRUE(play(loop, {answers(client, std::size(cases) + 1)}));
	for (size_t i = 0; i < std::size(cases); ++i)
		EXPECT_EQ(client.answers[i]["error"], cases[i].error) << cases[i].method;
	EXPECT_EQ(client.answers.back()["parameters"]["number"], 1);
}

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
	EXPECT_EQ(server.connections(), 1u);
	for (const auto &client : bad)
		EXPECT_TRUE(client.answers.empty());
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
	EXPECT_TRUE(client.answers.empty());
}

TEST_F(ServerOfTree, TakesAMessageInPieces)
{
	const auto text = echo(3).dump() + '\0' + echo(4).dump() + '\0';
	RawClient client(path);
	size_t at = 0;
	const auto feed = [&] {
		if (at < text.size())
			client.send(text.substr(at++, 1));
		return client.has(2);
	};
	ASSERT_TRUE(play(loop, {{feed}}));
	EXPECT_EQ(client.answers[0]["parameters"]["number"], 3);
	EXPECT_EQ(client.answers[1]["parameters"]["number"], 4);
}

TEST_F(ServerOfTree, HalfAMessageIsNoCall)
{
	RawClient client(path);
	client.send(R"({"method":"io.test.Keep")");
	RawClient other(path);
	other.call(echo(5));
	ASSERT_TRUE(play(loop, {answers(other, 1, [&] { client.hang_up(); }),
				{[&] { return server.connections() == 1; }}}));
	EXPECT_TRUE(kept.empty());
}

TEST_F(ServerOfTree, AMessageOverTheLimitCostsTheConnection)
{
	RawClient client(path);
	client.send(std::string(varlink::max_message + 1, 'x'));
	RawClient fitting(path);
	auto message = echo(6);
	message["parameters"]["padding"] = std::string(varlink::max_message - 200, 'x');
	fitting.call(message);
	ASSERT_TRUE(play(loop, {closed(client), answers(fitting, 1)}));
	EXPECT_EQ(fitting.answers[0]["parameters"]["number"], 6);
}

TEST_F(ServerOfTree, AnswersPipelinedCallsInTheirOrder)
{
	RawClient client(path);
	for (int i = 0; i < 100; ++i)
		client.call(echo(i));
	ASSERT_TRUE(play(loop, {answers(client, 100)}));
	for (int i = 0; i < 100; ++i)
		EXPECT_EQ(client.answers[static_cast<size_t>(i)]["parameters"]["number"], i);
}

TEST_F(ServerOfTree, ACallWaitsForTheAnswerToTheOneBefore)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}});
	client.call(echo(7));
	RawClient other(path);
	other.call(echo(8));
	ASSERT_TRUE(play(loop, {held(1, [] {}),
				answers(other, 1,
					[&] {
						EXPECT_FALSE(client.has(1));
						kept[0]->reply({{"number", 6}});
					}),
				answers(client, 2)}));
	EXPECT_EQ(client.answers[0]["parameters"]["number"], 6);
	EXPECT_EQ(client.answers[1]["parameters"]["number"], 7);
}

TEST_F(ServerOfTree, SendsProgressOnlyToThoseWhoAskedForMore)
{
	RawClient more(path);
	more.call({{"method", "io.test.Keep"}, {"more", true}});
	RawClient plain(path);
	plain.call({{"method", "io.test.Keep"}});
	RawClient oneway(path);
	oneway.call({{"method", "io.test.Keep"}, {"oneway", true}});
	oneway.call(echo(9));
	ASSERT_TRUE(play(loop, {held(3,
				     [&] {
					     for (const auto &call : kept) {
						     call->progress({{"step", 1}});
						     call->reply({{"step", 2}});
						     call->reply({{"step", 3}});
						     call->progress({{"step", 4}});
					     }
				     }),
				answers(more, 2), answers(plain, 1), answers(oneway, 1)}));
	ASSERT_EQ(more.answers.size(), 2u);
	EXPECT_EQ(more.answers[0]["continues"], true);
	EXPECT_EQ(more.answers[0]["parameters"]["step"], 1);
	EXPECT_EQ(more.answers[1].value("continues", false), false);
	EXPECT_EQ(more.answers[1]["parameters"]["step"], 2);
	ASSERT_EQ(plain.answers.size(), 1u);
	EXPECT_EQ(plain.answers[0]["parameters"]["step"], 2);
	ASSERT_EQ(oneway.answers.size(), 1u) << "no answer but that to the next call";
	EXPECT_EQ(oneway.answers[0]["parameters"]["number"], 9);
}

TEST_F(ServerOfTree, AClientThatLeavesInTheMiddleOfACallIsTold)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}, {"more", true}});
	int gone = 0;
	ASSERT_TRUE(play(loop, {held(1,
				     [&] {
					     EXPECT_EQ(kept[0]->uid(), getuid());
					     kept[0]->on_gone([&] { ++gone; });
					     client.hang_up();
				     }),
				{[&] { return gone > 0; }}}));
	EXPECT_EQ(gone, 1);
	EXPECT_EQ(server.connections(), 0u);
	kept[0]->progress({}); // to nobody
	kept[0]->reply({});
	EXPECT_NE(kept[0]->uid(), getuid()) << "of somebody who is gone nothing is known";
}

TEST_F(ServerOfTree, AClientThatLeavesAfterItsAnswerIsNoNews)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}});
	bool gone = false;
	ASSERT_TRUE(play(loop, {held(1,
				     [&] {
					     kept[0]->on_gone([&] { gone = true; });
					     kept[0]->reply({});
				     }),
				answers(client, 1, [&] { client.hang_up(); }),
				{[&] { return server.connections() == 0; }}}));
	EXPECT_FALSE(gone);
}

TEST_F(ServerOfTree, AClientThatDoesNotReadIsDroppedAtTheLimit)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}, {"more", true}});
	const std::string padding(10'000, 'x');
	bool gone = false;
	size_t sent = 0;
	ASSERT_TRUE(play(loop, {held(1,
				     [&] {
					     kept[0]->on_gone([&] { gone = true; });
					     while (!gone && sent < 100 * varlink::max_message) {
						     kept[0]->progress({{"padding", padding}});
						     sent += padding.size();
					     }
				     }),
				{[&] { return server.connections() == 0; }}}));
	EXPECT_TRUE(gone);
	EXPECT_GT(sent, varlink::max_message);
	EXPECT_LT(sent, 8 * varlink::max_message);
}

TEST_F(ServerOfTree, TakesNoMoreConnectionsThanItsLimitUntilOneCloses)
{
	std::deque<RawClient> clients;
	for (size_t i = 0; i < varlink::max_connections + 1; ++i)
		clients.emplace_back(path);
	clients.back().call(echo(10));
	ASSERT_TRUE(play(loop, {{[&] { return server.connections() == varlink::max_connections; },
				 [&] {
					 EXPECT_FALSE(clients.back().has(1));
					 clients.front().hang_up();
				 }},
				answers(clients.back(), 1)}));
}

} // namespace
} // namespace memhp
