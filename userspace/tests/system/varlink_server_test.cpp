// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <stdexcept>

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
	EXPECT_EQ(client.answers[1]["parameters"]["description"], description);
	EXPECT_NE(client.answers[2]["parameters"]["description"].get<std::string>().find("GetInfo"),
		  std::string::npos);
	EXPECT_EQ(client.answers[3]["error"], "org.varlink.service.InterfaceNotFound");
	EXPECT_EQ(client.answers[4]["error"], "org.varlink.service.InvalidParameter");
}

TEST_F(ServerOfTree, UnknownMethodsAreErrorsThatLeaveTheConnectionOpen)
{
	const struct {
		const char *method;
		const char *error;
	} cases[] = {
		{"io.test.Lunch", "org.varlink.service.MethodNotFound"},
		{"io.test.", "org.varlink.service.MethodNotFound"},
		{"io.test.Hidden", "org.varlink.service.MethodNotFound"},
		{"io.test.Nobody", "org.varlink.service.MethodNotImplemented"},
		{"io.other.Echo", "org.varlink.service.InterfaceNotFound"},
		{"Echo", "org.varlink.service.InterfaceNotFound"},
		{"", "org.varlink.service.InterfaceNotFound"},
		{"org.varlink.service.Lunch", "org.varlink.service.MethodNotFound"},
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
	EXPECT_EQ(server->clients().connections(), 0u);
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
				{[&] { return server->clients().connections() == 0; }}}));
	EXPECT_FALSE(gone);
}

TEST_F(ServerOfTree, ALongAnswerReachesAClientThatReads)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}});
	client.call(echo(11));
	const std::string padding(5 * varlink::max_message, 'x');
	ASSERT_TRUE(play(loop, {held(1,
				     [&] {
					     kept[0]->reply({{"padding", padding}});
				     }),
				answers(client, 2)}));
	EXPECT_EQ(client.answers[0]["parameters"]["padding"], padding);
	EXPECT_EQ(client.answers[1]["parameters"]["number"], 11);
}

TEST_F(ServerOfTree, SaysWhenAClientHasTakenAll)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}, {"more", true}});
	int rounds = 0;
	size_t most = 0;
	const auto tell = [&] {
		while (rounds < 50 && kept[0]->taken()) {
			++rounds;
			kept[0]->progress({{"padding", std::string(300'000, 'x')}});
			most = std::max(most, server->clients().queued());
		}
		if (rounds == 50 && kept[0]->taken())
			kept[0]->reply({});
	};
	ASSERT_TRUE(play(loop, {held(1,
				     [&] {
					     kept[0]->on_taken(tell);
					     tell();
					     EXPECT_LT(rounds, 50);
				     }),
				answers(client, 51)}));
	EXPECT_LT(most, 301'000u);
}

TEST_F(ServerOfTree, ParametersMustBeAsTheInterfaceHasThem)
{
	const struct {
		json parameters;
		const char *wrong;
	} cases[] = {
		{{{"nunber", 1}}, "nunber"},
		{{{"number", "1"}}, "number"},
		{{{"list", {"a", 7}}}, "list[1]"},
		{{{"number", 1}, {"padding", true}}, "padding"},
	};
	RawClient client(path);
	for (const auto &one : cases)
		client.call({{"method", "io.test.Echo"}, {"parameters", one.parameters}});
	client.call({{"method", "io.test.Echo"}, {"parameters", {{"number", nullptr}}}});
	client.call({{"method", "io.test.Echo"}, {"parameters", nullptr}});
	ASSERT_TRUE(play(loop, {answers(client, std::size(cases) + 2)}));
	for (size_t i = 0; i < std::size(cases); ++i) {
		EXPECT_EQ(client.answers[i]["error"], "org.varlink.service.InvalidParameter") << i;
		EXPECT_EQ(client.answers[i]["parameters"]["parameter"], cases[i].wrong);
	}
	EXPECT_EQ(client.answers[4]["parameters"], json::object()) << "no nulls";
	EXPECT_EQ(client.answers[5]["parameters"], json::object());
}

TEST_F(ServerOfTree, SomeMethodsAreForRootAndSomeNeedMore)
{
	if (geteuid() != 0)
		GTEST_SKIP() << "only root can be many users";
	RawClient root(path);
	RawClient other(path, 1000);
	root.call({{"method", "io.test.Stream"}});
	root.call({{"method", "io.test.Root"}});
	other.call({{"method", "io.test.Root"}});
	other.call({{"method", "io.test.Stream"}, {"more", true}});
	ASSERT_TRUE(play(loop, {answers(root, 1), answers(other, 1),
				held(2,
				     [&] {
					     for (const auto &call : kept)
						     call->reply({});
				     }),
				answers(root, 2), answers(other, 2)}));
	EXPECT_EQ(root.answers[0]["error"], "org.varlink.service.ExpectedMore");
	EXPECT_EQ(other.answers[0]["error"], "org.varlink.service.PermissionDenied");
	EXPECT_FALSE(root.answers[1].contains("error"));
	EXPECT_FALSE(other.answers[1].contains("error"));
}

/// As `printf … | socat - UNIX-CONNECT:…` does.
TEST_F(ServerOfTree, AClientThatOnlySendsNoMoreGetsItsAnswers)
{
	RawClient client(path);
	client.call({{"method", "io.test.Keep"}});
	client.call(echo(19));
	client.finish();
	bool gone = false;
	int turns = 0;
	ASSERT_TRUE(play(loop, {held(1, [&] { kept[0]->on_gone([&] { gone = true; }); }),
				{[&] { return ++turns == 20; },
				 [&] {
					 EXPECT_FALSE(gone);
					 kept[0]->reply({{"step", 1}});
				 }},
				answers(client, 2),
				closed(client),
				{[&] { return server->clients().connections() == 0; }}}));
	EXPECT_EQ(client.answers[0]["parameters"]["step"], 1);
	EXPECT_EQ(client.answers[1]["parameters"]["number"], 19);
}

TEST_F(ServerOfTree, WhatAClientAskedBeforeItLeftIsDone)
{
	RawClient client(path);
	for (int i = 0; i < 3; ++i)
		client.call({{"method", "io.test.Fail"}, {"oneway", i == 1}});
	client.call({{"method", "io.test.Keep"}, {"oneway", true}});
	client.hang_up();
	ASSERT_TRUE(play(loop,
			 {held(1, [] {}), {[&] { return server->clients().connections() == 0; }}}));
	EXPECT_EQ(left, 1) << "what goes on ends with the client";
	EXPECT_EQ(server->clients().queued(), 0u);
}

TEST(VarlinkServer, ADescriptionThatCannotBeReadIsNotServed)
{
	const Tree tree;
	Loop loop;
	auto socket = varlink::listen_at(tree.path("socket"), 0600);
	ASSERT_TRUE(socket);
	EXPECT_THROW(
		varlink::Server(loop, std::move(*socket), {"interface io.test\nmethod A()", {}}),
		std::invalid_argument);
}

} // namespace
} // namespace memhp
