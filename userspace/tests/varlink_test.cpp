// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink.h"

#include <cstring>
#include <deque>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "play.h"
#include "tree.h"

namespace memhp
{
namespace
{

using nlohmann::json;
using varlink::Call;

/// The client's end of a connection, byte by byte.
class RawClient
{
public:
	explicit RawClient(const std::string &path)
		: socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
	{
		sockaddr_un address{};
		address.sun_family = AF_UNIX;
		std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
		EXPECT_EQ(connect(socket_.get(), reinterpret_cast<sockaddr *>(&address),
				  sizeof(address)),
			  0);
	}

	/// Sends what fits now of what is waiting to be sent.
	void send(std::string_view bytes = {})
	{
		output_ += bytes;
		const auto sent = ::send(socket_.get(), output_.data(), output_.size(),
					 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			output_.erase(0, static_cast<size_t>(sent));
		else if (sent < 0 && errno == EPIPE)
			output_.clear();
	}
	void call(const json &message) { send(message.dump() + '\0'); }

	/// Takes in what has come; true when there are `count` answers or more.
	bool has(size_t count)
	{
		send();
		char buffer[65536];
		ssize_t got;
		while ((got = recv(socket_.get(), buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
			input_.append(buffer, static_cast<size_t>(got));
		closed_ = closed_ || got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
		for (size_t end; (end = input_.find('\0')) != std::string::npos;) {
			answers.push_back(json::parse(input_.substr(0, end)));
			input_.erase(0, end + 1);
		}
		return answers.size() >= count;
	}
	bool closed()
	{
		has(0);
		return closed_;
	}
	void hang_up() { socket_.reset(); }

	std::deque<json> answers;

private:
	Fd socket_;
	std::string output_;
	std::string input_;
	bool closed_ = false;
};

class ServerOfTree : public testing::Test
{
protected:
	ServerOfTree()
		: path(tree.path("socket")),
		  server(loop, listen(),
			 {"io.test",
			  "interface io.test",
			  {{"Echo", [](const auto &call) { call->reply(call->parameters()); }},
			   {"Fail",
			    [](const auto &call) {
				    call->error("io.test.Failed", {{"message", "as told"}});
			    }},
			   {"Keep", [this](const auto &call) { kept.push_back(call); }}}})
	{
	}

	Fd listen() const
	{
		auto socket = varlink::listen_at(path, 0600);
		EXPECT_TRUE(socket) << socket.error().message;
		return std::move(*socket);
	}

	static json echo(int number)
	{
		return {{"method", "io.test.Echo"}, {"parameters", {{"number", number}}}};
	}
	static Scene answers(
		RawClient &client, size_t count, std::function<void()> then = [] {})
	{
		return {[&client, count] { return client.has(count); }, std::move(then)};
	}
	static Scene closed(
		RawClient &client, std::function<void()> then = [] {})
	{
		return {[&client] { return client.closed(); }, std::move(then)};
	}
	Scene held(size_t count, std::function<void()> then)
	{
		return {[this, count] { return kept.size() >= count; }, std::move(then)};
	}

	Tree tree;
	std::string path;
	Loop loop;
	std::vector<std::shared_ptr<Call>> kept;
	varlink::Server server;
};

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

/// The blocking client, in a process of its own beside the server's loop.
class ClientOfTree : public ServerOfTree
{
protected:
	/// What `talk` says of the server, as one line.
	std::string talk(const std::function<std::string(varlink::Client &)> &talk,
			 std::vector<Scene> scenes = {})
	{
		int ends[2];
		EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
		const Fd in(ends[0]);
		Fd out(ends[1]);
		const auto pid = fork();
		if (pid == 0) {
			auto client = varlink::Client::connect(path);
			const auto text = client ? talk(*client) : client.error().message;
			_exit(write(out.get(), text.data(), text.size()) < 0);
		}
		std::string text;
		scenes.push_back({[&] {
			char buffer[4096];
			const auto got = read(in.get(), buffer, sizeof(buffer));
			if (got > 0)
				text.append(buffer, static_cast<size_t>(got));
			return got > 0;
		}});
		EXPECT_TRUE(play(loop, scenes));
		EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
		return text;
	}
};

TEST_F(ClientOfTree, GetsTheAnswersParameters)
{
	EXPECT_EQ(talk([](auto &client) {
			  const auto first = client.call("io.test.Echo", {{"a", 1}});
			  const auto second = client.call("io.test.Echo", {{"b", 2}});
			  return first->dump() + second->dump();
		  }),
		  R"({"a":1}{"b":2})");
}

TEST_F(ClientOfTree, GetsAnErrorAsAFailureWithItsMessage)
{
	EXPECT_EQ(talk([](auto &client) {
			  return client.call("io.test.Fail", json::object()).error().message +
				 ", " +
				 client.call("io.test.Lunch", json::object()).error().message;
		  }),
		  "as told, memhpd answers org.varlink.service.MethodNotFound");
}

TEST_F(ClientOfTree, GetsProgressAndThenTheReply)
{
	const auto answer = [&] {
		kept[0]->progress({{"step", 1}});
		kept[0]->progress({{"step", 2}});
		kept[0]->reply({{"step", 3}});
	};
	EXPECT_EQ(talk(
			  [](auto &client) {
				  std::string steps;
				  const auto last = client.call(
					  "io.test.Keep", json::object(), [&](const json &values) {
						  steps += values.at("step").dump();
					  });
				  return steps + last->at("step").dump();
			  },
			  {held(1, answer)}),
		  "123");
}

TEST_F(ClientOfTree, AServerThatGoesAwayIsAFailure)
{
	// A message over the limit makes the server close the connection.
	const auto text = talk([](auto &client) {
		const json parameters = {{"padding", std::string(2 * varlink::max_message, 'x')}};
		const auto answer = client.call("io.test.Keep", parameters);
		return answer ? "answered" : "failed: " + answer.error().message;
	});
	EXPECT_EQ(text.substr(0, 7), "failed:") << text;
}

TEST(VarlinkClient, TellsWhyItCannotConnect)
{
	const Tree tree;
	const auto missing = varlink::Client::connect(tree.path("socket"));
	ASSERT_FALSE(missing);
	EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
	varlink::listen_at(tree.path("socket"), 0600)->reset();
	const auto dead = varlink::Client::connect(tree.path("socket"));
	ASSERT_FALSE(dead);
	EXPECT_EQ(dead.error().code, std::errc::connection_refused);
	EXPECT_FALSE(varlink::Client::connect(std::string(200, 'x')));
}

TEST(VarlinkListen, ReplacesADeadSocketButNotALiveOne)
{
	const Tree tree;
	auto first = varlink::listen_at(tree.path("socket"), 0660);
	ASSERT_TRUE(first);
	struct stat status;
	ASSERT_EQ(stat(tree.path("socket").c_str(), &status), 0);
	EXPECT_EQ(status.st_mode & 0777, 0660u);
	const auto second = varlink::listen_at(tree.path("socket"), 0660);
	ASSERT_FALSE(second);
	EXPECT_EQ(second.error().code, std::errc::address_in_use);
	first->reset();
	EXPECT_TRUE(varlink::listen_at(tree.path("socket"), 0660));
}

TEST(VarlinkListen, DoesNotTakeOverFromAServerThatIsTooBusyToAccept)
{
	const Tree tree;
	auto first = varlink::listen_at(tree.path("socket"), 0600);
	ASSERT_TRUE(first);
	ASSERT_EQ(listen(first->get(), 0), 0);
	RawClient fills_the_queue(tree.path("socket"));
	EXPECT_FALSE(varlink::listen_at(tree.path("socket"), 0600));
}

} // namespace
} // namespace memhp
