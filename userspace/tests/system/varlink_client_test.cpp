// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "varlink_fixture.h"

namespace memhp
{
namespace
{

using nlohmann::json;

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
			  const auto first = client.call("io.test.Echo", {{"number", 1}});
			  const auto second = client.call("io.test.Echo", {{"number", 2}});
			  return first->dump() + second->dump();
		  }),
		  R"({"number":1}{"number":2})");
}

TEST_F(ClientOfTree, GetsAnErrorAsAFailureWithItsMessage)
{
	EXPECT_EQ(talk([](auto &client) {
			  std::string text;
			  for (const auto *method : {"Fail", "Lunch", "Stream"})
				  text += client.call(std::string("io.test.") + method,
						      json::object())
						  .error()
						  .message +
					  ", ";
			  return text + client.call("io.test.Echo", {{"lunch", 1}}).error().message;
		  }),
		  "as told, memhpd answers org.varlink.service.MethodNotFound, memhpd answers "
		  "org.varlink.service.ExpectedMore, memhpd has no use for the parameter lunch");
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

TEST_F(ClientOfTree, IsToldWhyItLosesItsConnection)
{
	const auto talks = [](auto &client) {
		const json parameters = {{"padding", std::string(2 * varlink::max_message, 'x')}};
		const auto answer = client.call("io.test.Keep", parameters);
		return answer ? "answered" : answer.error().message;
	};
	EXPECT_EQ(talk(talks), "a message may have at most 1048576 bytes");
}

TEST_F(ClientOfTree, IsToldThatThereAreTooMany)
{
	serve({0, 0, 0, 0});
	EXPECT_EQ(talk([](auto &client) {
			  return client.call("io.test.Echo", json::object()).error().message;
		  }),
		  "too many clients of memhpd's socket; try again later");
}

TEST_F(ClientOfTree, AServerThatGoesAwayIsAFailure)
{
	const auto text = talk(
		[](auto &client) {
			const auto answer = client.call("io.test.Keep", json::object());
			return answer ? "answered" : answer.error().message;
		},
		{held(1, [&] { server.reset(); })});
	EXPECT_NE(text.find("memhpd closed the connection before its answer"), std::string::npos)
		<< text;
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
