// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include <nlohmann/json.hpp>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "system/log.h"

namespace memhp::varlink
{

using nlohmann::json;

namespace
{

constexpr auto service_description =
	R"(# What every Varlink service offers
interface org.varlink.service

method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
)";

Result<sockaddr_un> address_of(const std::string &path)
{
	sockaddr_un address{};
	address.sun_family = AF_UNIX;
	if (path.size() >= sizeof(address.sun_path))
		return fail_errno(ENAMETOOLONG, path);
	std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
	return address;
}

} // namespace

json parse_message(std::string_view text)
{
	constexpr int max_depth = 32;
	bool too_deep = false;
	auto message = json::parse(
		text.begin(), text.end(),
		[&](int depth, json::parse_event_t, const json &) {
			too_deep = too_deep || depth > max_depth;
			return !too_deep;
		},
		false);
	return too_deep ? json(json::value_t::discarded) : message;
}

Result<Fd> connect_at(const std::string &path, int flags)
{
	const auto address = address_of(path);
	if (!address)
		return fail(address.error());
	Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
	if (!socket)
		return fail_errno(errno, "socket");
	if (connect(socket.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof(*address)) <
	    0)
		return fail_errno(errno, path);
	return socket;
}

/// The server's side of one client.
class Connection : public std::enable_shared_from_this<Connection>
{
public:
	Connection(Server &server, Fd socket, uid_t uid)
		: server_(server), socket_(std::move(socket)), uid_(uid)
	{
	}

	void start() { watch(EPOLLIN); }
	uid_t uid() const { return uid_; }

	/// `message` null: the call is over without an answer (oneway).
	void send(const json &message, bool last)
	{
		if (!socket_)
			return;
		if (!message.is_null()) {
			output_ += message.dump(-1, ' ', false, json::error_handler_t::replace);
			output_ += '\0';
		}
		if (last)
			current_.reset();
		flush();
		if (output_.size() > max_message) {
			log::warning("a client of the socket does not read its answers; "
				     "its connection is closed");
			close();
		} else if (last && socket_) {
			// The next call may be here already; not from inside this handler.
			next_ = server_.loop_.defer([this] { dispatch(); });
		}
	}

	void close()
	{
		const auto keep = shared_from_this();
		source_.reset();
		next_.reset();
		socket_.reset();
		if (const auto call = std::exchange(current_, nullptr); call && call->gone_)
			std::exchange(call->gone_, nullptr)();
		server_.closed(this);
	}

private:
	void watch(uint32_t events)
	{
		if (events == watched_)
			return;
		watched_ = events;
		source_.reset(); // epoll takes a descriptor only once
		source_ = server_.loop_.io(socket_.get(), events,
					   [this](uint32_t happened) { ready(happened); });
	}

	void ready(uint32_t events)
	{
		const auto keep = shared_from_this();
		if (events & EPOLLOUT)
			flush();
		if (socket_ && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
			receive();
	}

	void receive()
	{
		std::array<char, 16384> buffer;
		const auto got = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			close();
			return;
		}
		input_.append(buffer.data(), static_cast<size_t>(got));
		if (input_.size() > max_message) {
			log::warning("a client of the socket sent more than {} bytes at once; "
				     "its connection is closed",
				     max_message);
			close();
			return;
		}
		dispatch();
	}

	void dispatch()
	{
		const auto keep = shared_from_this();
		while (socket_ && !current_) {
			const auto end = input_.find('\0');
			if (end == std::string::npos)
				return;
			const auto message = parse_message({input_.data(), end});
			input_.erase(0, end + 1);
			if (!call(message)) {
				log::warning("a client of the socket sent what is no Varlink call; "
					     "its connection is closed");
				close();
			}
		}
	}

	bool call(const json &message)
	{
		if (!message.is_object())
			return false;
		const auto method = message.find("method");
		if (method == message.end() || !method->is_string())
			return false;
		const auto flag = [&](const char *name) {
			const auto found = message.find(name);
			return found != message.end() && found->is_boolean() && found->get<bool>();
		};
		auto parameters = std::make_unique<json>(json::object());
		if (const auto given = message.find("parameters"); given != message.end()) {
			if (!given->is_object())
				return false;
			*parameters = *given;
		}
		current_ = std::shared_ptr<Call>(new Call(weak_from_this(), std::move(parameters),
							  flag("more"), flag("oneway")));
		const auto keep_call = current_;
		server_.dispatch(keep_call, method->get<std::string>());
		return true;
	}

	void flush()
	{
		while (!output_.empty()) {
			const auto sent = ::send(socket_.get(), output_.data(), output_.size(),
						 MSG_DONTWAIT | MSG_NOSIGNAL);
			if (sent < 0 && errno == EINTR)
				continue;
			if (sent < 0 && errno == EAGAIN)
				break;
			if (sent < 0) {
				close();
				return;
			}
			output_.erase(0, static_cast<size_t>(sent));
		}
		watch(output_.empty() ? EPOLLIN : (EPOLLIN | EPOLLOUT));
	}

	Server &server_;
	Fd socket_;
	uid_t uid_;
	uint32_t watched_ = 0;
	Loop::Source source_;
	Loop::Source next_;
	std::string input_;
	std::string output_;
	std::shared_ptr<Call> current_;
};

Call::Call(std::weak_ptr<Connection> connection, std::unique_ptr<json> parameters, bool more,
	   bool oneway)
	: connection_(std::move(connection)), parameters_(std::move(parameters)), more_(more),
	  oneway_(oneway)
{
}

Call::~Call() = default;

const json &Call::parameters() const { return *parameters_; }

uid_t Call::uid() const
{
	const auto connection = connection_.lock();
	return connection ? connection->uid() : static_cast<uid_t>(-1);
}

void Call::send(const json &message, bool last)
{
	if (answered_)
		return;
	answered_ = last;
	const auto connection = connection_.lock();
	if (!connection)
		return;
	if (oneway_ && !last)
		return;
	connection->send(oneway_ ? json() : message, last);
}

void Call::progress(const json &parameters)
{
	if (more_)
		send({{"parameters", parameters}, {"continues", true}}, false);
}

void Call::reply(const json &parameters) { send({{"parameters", parameters}}, true); }

void Call::error(std::string_view name, const json &parameters)
{
	send({{"error", name}, {"parameters", parameters}}, true);
}

Server::Server(Loop &loop, Fd listening, Interface interface)
	: loop_(loop), listening_(std::move(listening)), interface_(std::move(interface))
{
	source_ = loop_.io(listening_.get(), EPOLLIN, [this](uint32_t) { accept(); });
}

// Nobody is told: those who would be may need a loop that has ended.
Server::~Server() = default;

void Server::accept()
{
	Fd socket(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
	if (!socket)
		return;
	ucred peer{};
	socklen_t size = sizeof(peer);
	if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return;
	const auto connection = std::make_shared<Connection>(*this, std::move(socket), peer.uid);
	connections_.emplace(connection.get(), connection);
	connection->start();
	if (connections_.size() >= max_connections)
		source_.reset();
}

void Server::closed(const Connection *connection)
{
	connections_.erase(connection);
	if (!source_ && connections_.size() < max_connections)
		source_ = loop_.io(listening_.get(), EPOLLIN, [this](uint32_t) { accept(); });
}

void Server::dispatch(const std::shared_ptr<Call> &call, const std::string &method) const
{
	const auto dot = method.rfind('.');
	const auto interface = method.substr(0, dot == std::string::npos ? 0 : dot);
	const auto name = dot == std::string::npos ? method : method.substr(dot + 1);

	if (interface == "org.varlink.service" && name == "GetInfo") {
		call->reply({{"vendor", "memhp"},
			     {"product", "memhpd"},
			     {"version", "1"},
			     {"url", ""},
			     {"interfaces", {"org.varlink.service", interface_.name}}});
	} else if (interface == "org.varlink.service" && name == "GetInterfaceDescription") {
		const auto wanted = call->parameters().value("interface", json());
		if (wanted == interface_.name)
			call->reply({{"description", interface_.description}});
		else if (wanted == "org.varlink.service")
			call->reply({{"description", service_description}});
		else
			call->error("org.varlink.service.InterfaceNotFound",
				    {{"interface", wanted}});
	} else if (interface != interface_.name) {
		call->error("org.varlink.service.InterfaceNotFound", {{"interface", interface}});
	} else if (const auto handler = interface_.methods.find(name);
		   handler != interface_.methods.end()) {
		handler->second(call);
	} else {
		call->error("org.varlink.service.MethodNotFound", {{"method", method}});
	}
}

Result<Fd> listen_at(const std::string &path, unsigned mode)
{
	const auto address = address_of(path);
	if (!address)
		return fail(address.error());
	const auto other = connect_at(path, SOCK_NONBLOCK);
	// EAGAIN: its listen queue is full.
	if (other || other.error().code == std::errc::resource_unavailable_try_again)
		return fail_errno(EADDRINUSE, path + " is served by another memhpd");
	unlink(path.c_str());

	Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (!socket)
		return fail_errno(errno, "socket");
	const auto mask = umask(0777); // nobody connects before the owner and mode are set
	const int bound =
		bind(socket.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof(*address));
	const int error = errno;
	umask(mask);
	if (bound < 0)
		return fail_errno(error, path);
	if (chmod(path.c_str(), mode) < 0 || listen(socket.get(), SOMAXCONN) < 0)
		return fail_errno(errno, path);
	return socket;
}

} // namespace memhp::varlink
