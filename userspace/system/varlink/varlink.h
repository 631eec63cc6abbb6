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

#include "core/base/result.h"
#include "core/varlink/clients.h"
#include "core/varlink/interface.h"
#include "system/base/fd.h"
#include "system/base/loop.h"

namespace memhp::varlink
{

/// A message is a JSON object with a NUL behind it (varlink.org). A longer one is refused.
constexpr size_t max_message = 1 << 20;

/// Parses one message without its NUL; discarded where it is no JSON, or nested deeper than any
/// message of ours: nlohmann::json copies and prints recursively, so the stack would be the limit.
nlohmann::json parse_message(std::string_view text);

class Connection;
class Server;

/// One method call. A handler answers with exactly one reply() or error(); where more() holds,
/// any number of progress() may come before. It may keep the call and answer later: shared_ptr.
/// Answers to a client that is gone are dropped. None of these calls back.
class Call
{
public:
	const nlohmann::json &parameters() const;
	/// The client asked for progress.
	bool more() const { return more_; }
	/// The client's user, by peer credentials; of one that is gone nobody.
	uid_t uid() const;

	/// A client that does not take what it is told loses its connection once max_message bytes
	/// wait for it.
	void progress(const nlohmann::json &parameters);
	/// Of any size: a handler bounds what it says.
	void reply(const nlohmann::json &parameters);
	/// `name` is one of the interface's errors or "org.varlink.service.…".
	void error(std::string_view name, const nlohmann::json &parameters);

	/// The client has taken all that it was told so far. A handler that has much to say waits
	/// for that.
	bool taken() const;
	/// Called from the loop, each time when that comes to hold.
	void on_taken(std::function<void()> callback) { on_taken_ = std::move(callback); }

	/// Called when the client closes its connection before the last answer.
	void on_gone(std::function<void()> callback) { gone_ = std::move(callback); }

	~Call();

private:
	friend class Connection;
	friend class Server;
	Call(std::weak_ptr<Connection> connection, std::unique_ptr<nlohmann::json> parameters,
	     bool more, bool oneway);
	void send(const nlohmann::json &message, bool last);

	std::weak_ptr<Connection> connection_;
	std::unique_ptr<nlohmann::json> parameters_;
	std::function<void()> gone_;
	std::function<void()> on_taken_;
	bool more_;
	bool oneway_;
	bool answered_ = false;
};

struct Method {
	std::function<void(const std::shared_ptr<Call> &)> handler;
	bool for_root = false;	 ///< others are refused
	bool needs_more = false; ///< without it the call makes no sense
};

struct Interface {
	/// In the Varlink language, with an error InvalidMessage and an error TooManyClients, both
	/// (message: string). What it does not have is not served: methods, and parameters that
	/// have not the name or not the type are refused before the handler gets them. A handler
	/// gets no nulls.
	std::string description;
	std::map<std::string, Method> methods; ///< by their names without the interface's
};

/// Serves one interface on a listening socket, beside org.varlink.service. Calls of one connection
/// are answered one after another, as the protocol has it, and the next is read when the client has
/// taken the answer to the one before. Garbage or an oversized message is told the client, and then
/// costs it its connection and nothing else; so does what goes beyond the limits. A client that
/// only sends no more still gets its answers.
class Server
{
public:
	/// `listening` is a non-blocking listening stream socket. Throws std::invalid_argument
	/// where the description cannot be read.
	Server(Loop &loop, Fd listening, Interface interface, const ClientLimits &limits = {});
	~Server();
	Server(const Server &) = delete;
	Server &operator=(const Server &) = delete;

	/// Connections, and bytes that wait in them in either direction.
	const Clients &clients() const { return clients_; }

private:
	friend class Connection;
	void accept();
	void dispatch(const std::shared_ptr<Call> &call, const std::string &method) const;
	void call(const std::shared_ptr<Call> &call, const std::string &name) const;
	void describe(Call &call) const;
	/// An error of this interface, as a message.
	std::string complaint(std::string_view error, std::string_view text) const;
	/// To the log, but not each time: a client must not fill it.
	void note(uid_t uid, const std::string &what);
	void closed(const Connection *connection);

	Loop &loop_;
	Fd listening_;
	Interface interface_;
	Description description_;
	Clients clients_;
	std::map<std::string, uint64_t> notes_; ///< how often each
	Loop::Source source_;
	Loop::Source pause_;
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
	/// the replies before it. An error reply is a failure whose message is that of the error,
	/// or names it.
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
