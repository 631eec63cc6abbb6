// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "play.h"
#include "system/varlink/varlink.h"
#include "tree.h"

namespace memhp
{

/// The client's end of a connection, byte by byte.
class RawClient
{
public:
	/// As the user `uid`, which only root can choose.
	explicit RawClient(const std::string &path, uid_t uid = geteuid())
		: socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
	{
		const auto us = geteuid();
		EXPECT_EQ(seteuid(uid), 0);
		sockaddr_un address{};
		address.sun_family = AF_UNIX;
		std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
		EXPECT_EQ(connect(socket_.get(), reinterpret_cast<sockaddr *>(&address),
				  sizeof(address)),
			  0);
		EXPECT_EQ(seteuid(us), 0);
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
	void call(const nlohmann::json &message) { send(message.dump() + '\0'); }

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
			answers.push_back(nlohmann::json::parse(input_.substr(0, end)));
			input_.erase(0, end + 1);
		}
		return answers.size() >= count;
	}
	bool closed()
	{
		has(0);
		return closed_;
	}
	/// Sends no more, and still reads.
	void finish() { shutdown(socket_.get(), SHUT_WR); }
	void hang_up() { socket_.reset(); }

	std::deque<nlohmann::json> answers;

private:
	Fd socket_;
	std::string output_;
	std::string input_;
	bool closed_ = false;
};

class ServerOfTree : public testing::Test
{
protected:
	static constexpr auto description = R"(
interface io.test
method Echo(number: ?int, padding: ?string, list: ?[]string) -> (number: ?int, padding: ?string)
method Fail() -> ()
method Keep(padding: ?string) -> (step: ?int)
method Root() -> ()
method Stream() -> ()
method Nobody() -> ()
method Large() -> (padding: string)
error Failed (message: string)
error InvalidMessage (message: string)
error TooManyClients (message: string)
)";

	static constexpr size_t large = 100'000;

	ServerOfTree() : path(tree.path("socket"))
	{
		serve({});
		// For clients that are other users.
		EXPECT_EQ(chmod(tree.root().c_str(), 0755), 0);
	}

	/// Anew.
	void serve(const ClientLimits &limits)
	{
		using CallPtr = std::shared_ptr<varlink::Call>;
		const auto keep = [this](const CallPtr &call) {
			kept.push_back(call);
			call->on_gone([this] { ++left; });
		};
		server.reset();
		server.emplace(
			loop, listen(),
			varlink::Interface{
				description,
				{{"Echo",
				  {[](const CallPtr &call) { call->reply(call->parameters()); }}},
				 {"Fail", {[](const CallPtr &call) {
					  call->error("io.test.Failed", {{"message", "as told"}});
				  }}},
				 {"Large", {[](const CallPtr &call) {
					  call->reply({{"padding", std::string(large, 'x')}});
				  }}},
				 {"Keep", {keep}},
				 {"Root", {keep, true}},
				 {"Stream", {keep, false, true}},
				 {"Hidden", {keep}}}},
			limits);
	}

	Fd listen() const
	{
		auto socket = varlink::listen_at(path, 0666);
		EXPECT_TRUE(socket) << socket.error().message;
		return std::move(*socket);
	}

	static nlohmann::json echo(int number)
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
	std::vector<std::shared_ptr<varlink::Call>> kept;
	int left = 0; ///< clients of those
	std::optional<varlink::Server> server;
};

} // namespace memhp
