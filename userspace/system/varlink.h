// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include "core/result.h"
#include "system/fd.h"
#include "system/loop.h"

namespace memhp::varlink
{

/// A message is a JSON object with a NUL behind it (varlink.org). Nobody may make us hold more than
/// this for one connection, in either direction.
constexpr size_t max_message = 1 << 20;
/// More connections than this wait in the listen queue until one closes.
constexpr size_t max_connections = 256;

/// Parses one message without its NUL; discarded where it is no JSON, or nested deeper than any
/// message of ours: nlohmann::json copies and prints recursively, so the stack would be the limit.
nlohmann::json parse_message(std::string_view text);

class Connection;

/// One method call. A handler answers with exactly one reply() or error(); where more() holds,
/// any number of progress() may come before. It may keep the call and answer later: shared_ptr.
/// Answers to a client that is gone are dropped.
class Call
{
public:
	const nlohmann::json &parameters() const;
	/// The client asked for progress.
	bool more() const { return more_; }
	/// The client's user, by peer credentials.
	uid_t uid() const;

	void progress(const nlohmann::json &parameters);
	void reply(const nlohmann::json &parameters);
	/// `name` is one of the interface's errors or "org.varlink.service.…".
	void error(std::string_view name, const nlohmann::json &parameters);

	/// Called when the client closes its connection before the last answer.
	void on_gone(std::function<void()> callback) { gone_ = std::move(callback); }

	~Call();

private:
	friend class Connection;
	Call(std::weak_ptr<Connection> connection, std::unique_ptr<nlohmann::json> parameters,
	     bool more, bool oneway);
	void send(const nlohmann::json &message, bool last);

	std::weak_ptr<Connection> connection_;
	std::unique_ptr<nlohmann::json> parameters_;
	std::function<void()> gone_;
	bool more_;
	bool oneway_;
	bool answered_ = false;
};

using Handler = std::function<void(const std::shared_ptr<Call> &)>;

/// Serves one interface on a listening socket, beside org.varlink.service. Calls of one connection
/// are answered one after another, as the protocol has it. Garbage, an oversized message, or a
/// client that does not read costs that client its connection and nothing else.
class Server
{
public:
	struct Interface {
		std::string name;			///< io.memhp
		std::string description;		///< in the varlink language
		std::map<std::string, Handler> methods; ///< by their names without the interface's
	};

	/// `listening` is a non-blocking listening stream socket.
	Server(Loop &loop, Fd listening, Interface interface);
	~Server();
	Server(const Server &) = delete;
	Server &operator=(const Server &) = delete;

	size_t connections() const { return connections_.size(); }

private:
	friend class Connection;
	void accept();
	void dispatch(const std::shared_ptr<Call> &call, const std::string &method) const;
	void closed(const Connection *connection);

	Loop &loop_;
	Fd listening_;
	Interface interface_;
	Loop::Source source_;
	std::map<const Connection *, std::shared_ptr<Connection>> connections_;
};

/// Creates a listening socket at `path` with `mode`; a leftover socket file of a dead server is
/// replaced, one that answers is EADDRINUSE.
Result<Fd> listen_at(const std::string &path, unsigned mode);

/// Connects to the socket at `path`; `flags` are of socket(2), such as SOCK_NONBLOCK.
Result<Fd> connect_at(const std::string &path, int flags);

/// A client that waits for its answers. One call at a time.
class Client
{
public:
	/// ENOENT or ECONNREFUSED: nobody serves `path`.
	static Result<Client> connect(const std::string &path);

	/// Calls `method` and returns the parameters of its last reply; `progress` gets those of
	/// the replies before it. An error reply is a failure whose message names the error and its
	/// parameters' "message".
	Result<nlohmann::json>
	call(std::string_view method, const nlohmann::json &parameters,
	     const std::function<void(const nlohmann::json &)> &progress = {});

private:
	explicit Client(Fd socket) : socket_(std::move(socket)) {}
	Result<nlohmann::json> receive();

	Fd socket_;
	std::string input_;
};

} // namespace memhp::varlink
